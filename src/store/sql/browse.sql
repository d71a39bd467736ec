-- What a tree of folders for people shows.

-- name: browse_page
SELECT media_assets.id, file_path, COALESCE(universes.name, 'no universe') AS universe,
       COALESCE(elements.name, asset_type) AS folder, COALESCE(title, original_name, asset_type) AS title
FROM media_assets
LEFT JOIN universes ON universes.id = media_assets.universe_id
LEFT JOIN elements ON elements.id = media_assets.element_id
WHERE media_assets.id > :after AND trashed_at IS NULL
  AND (CAST(:universe_id AS TEXT) IS NULL OR media_assets.universe_id = :universe_id)
ORDER BY media_assets.id LIMIT :limit
