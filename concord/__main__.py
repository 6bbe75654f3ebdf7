"""`python -m concord`: where the folder of commands is not on the path."""

from concord import main

if __name__ == "__main__":
    main()
