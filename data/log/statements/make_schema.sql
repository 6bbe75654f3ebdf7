-- Where everything of Concord's is in a database.
create schema if not exists concord
