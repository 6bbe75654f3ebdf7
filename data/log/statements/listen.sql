-- Be told of last numbers from now on.
listen concord
