-- Leaves elements without their universe, which must not be committed.
CREATE TABLE half_done (id TEXT);
DELETE FROM universes;
