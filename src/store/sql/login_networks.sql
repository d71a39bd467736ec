-- Networks that accounts logged in from.

-- name: login_network_put
INSERT INTO login_networks (user_id, network, seen_at) VALUES (:user_id, :network, :now)
ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at

-- name: login_network_prune
-- What was seen last before :before, and of one user all but the latest.
DELETE FROM login_networks
WHERE seen_at < :before
   OR (user_id = :user_id AND network NOT IN (SELECT network FROM login_networks WHERE user_id = :user_id
                                              ORDER BY seen_at DESC, network LIMIT :most))

-- name: login_network_count
-- 1 when the account was used from there at :since or later.
SELECT COUNT(*) AS total FROM login_networks n JOIN users u ON u.id = n.user_id
WHERE u.username = :username AND n.network = :network AND n.seen_at >= :since
