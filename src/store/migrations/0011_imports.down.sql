-- What was ordered and not fetched yet is forgotten, with its place in the queue.
DELETE FROM jobs WHERE kind = 'import';
DROP TABLE media_imports;
