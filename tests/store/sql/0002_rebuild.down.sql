ALTER TABLE universes DROP COLUMN mood;
