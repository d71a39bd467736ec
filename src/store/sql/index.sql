-- The full-text index follows the rows, the oldest first, :most at once: see migration 0009.

-- name: index_waits
SELECT EXISTS (SELECT 1 FROM asset_changes) OR EXISTS (SELECT 1 FROM line_changes) AS waits --@sqlite

-- name: index_assets_forget
DELETE FROM asset_search WHERE rowid IN (SELECT seq FROM asset_changes ORDER BY seq LIMIT :most) --@sqlite

-- name: index_assets_learn
INSERT INTO asset_search (rowid, title, description, tags, prompt, transcript, element, facets) --@sqlite
SELECT seq, title, description, tags, prompt, transcript, element, facets FROM asset_words --@sqlite
WHERE seq IN (SELECT seq FROM asset_changes ORDER BY seq LIMIT :most) --@sqlite

-- name: index_assets_done
DELETE FROM asset_changes WHERE seq IN (SELECT seq FROM asset_changes ORDER BY seq LIMIT :most) --@sqlite

-- name: index_lines_forget
DELETE FROM line_search WHERE rowid IN (SELECT seq FROM line_changes ORDER BY seq LIMIT :most) --@sqlite

-- name: index_lines_learn
INSERT INTO line_search (rowid, line, asset_id) SELECT seq, line, REPLACE(asset_id, '-', '') FROM transcript_lines --@sqlite
WHERE seq IN (SELECT seq FROM line_changes ORDER BY seq LIMIT :most) --@sqlite

-- name: index_lines_done
DELETE FROM line_changes WHERE seq IN (SELECT seq FROM line_changes ORDER BY seq LIMIT :most) --@sqlite
