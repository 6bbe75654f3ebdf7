-- One row per message, oldest first.
select letter, person, channel, title, body, made_at, tries, next_try, sent_at, failed
from letter
order by made_at, letter
