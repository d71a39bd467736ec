DROP TABLE jobs;
DROP TABLE video_jobs;
DROP TABLE media_assets;
DROP TABLE components;
DROP TABLE elements;
DROP TABLE universes;
DROP TABLE users;
