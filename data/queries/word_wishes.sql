-- One row per person who wishes to be told of what needs them.
select person, body
from word_wish
