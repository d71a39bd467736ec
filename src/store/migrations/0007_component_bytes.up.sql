-- How many bytes a component's data has, in the index of its element: the quota of an owner adds them up at every write, and
-- must not read the data for it. An index of its own would be taken for lists too, which need the order.

ALTER TABLE components ADD COLUMN data_bytes BIGINT
    GENERATED ALWAYS AS (LENGTH(CAST(data AS BLOB))) VIRTUAL; --@sqlite
    GENERATED ALWAYS AS (OCTET_LENGTH(data)) STORED; --@postgres
DROP INDEX ix_components_element_id;
CREATE INDEX ix_components_element_id ON components (element_id, created_at, id, data_bytes);
