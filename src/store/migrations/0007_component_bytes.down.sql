DROP INDEX ix_components_element_id;
ALTER TABLE components DROP COLUMN data_bytes;
CREATE INDEX ix_components_element_id ON components (element_id, created_at, id);
