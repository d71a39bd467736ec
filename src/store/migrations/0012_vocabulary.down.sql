DROP TABLE asset_vocabulary; --@sqlite

DROP TABLE line_search; --@sqlite
CREATE VIRTUAL TABLE line_search USING fts5 (line, asset_id, tokenize = 'unicode61 remove_diacritics 2'); --@sqlite
INSERT INTO line_search (rowid, line, asset_id) --@sqlite
SELECT seq, line, REPLACE(asset_id, '-', '') FROM transcript_lines; --@sqlite
