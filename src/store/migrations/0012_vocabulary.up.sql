-- The words of the full-text index, read out of it (nothing is stored): beginnings longer than it has indexed are looked up here.
CREATE VIRTUAL TABLE asset_vocabulary USING fts5vocab (asset_search, instance); --@sqlite

-- Beginnings are looked for in lines too.
DROP TABLE line_search; --@sqlite
CREATE VIRTUAL TABLE line_search USING fts5 --@sqlite
    (line, asset_id, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'); --@sqlite
INSERT INTO line_search (rowid, line, asset_id) --@sqlite
SELECT seq, line, REPLACE(asset_id, '-', '') FROM transcript_lines; --@sqlite
