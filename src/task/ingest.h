/* The task `ingest`: everything there is to know about a file somebody brought, found in one pass.
 *
 * Files: in (read only), and to be written where they apply: poster (JPEG), sprite (JPEG, a sheet of small
 * pictures), peaks (audiowaveform .dat, version 2), text (UTF-8; of captions WebVTT). One that stays empty
 * does not apply to this kind of file. Times are seconds from the start of the file. */
#pragma once

#include "base/shape.h"

enum {
    INGEST_STREAMS_MAX = 64,
    INGEST_CHAPTERS_MAX = 100,
    INGEST_TAGS_MAX = 60,
    INGEST_TAG_BYTES = 400,
    INGEST_SPANS_MAX = 100, /* of each kind of stretch */
    INGEST_CUTS_MAX = 300,
    INGEST_HASHES_MAX = 64,
    INGEST_CUES_MAX = 100,
    INGEST_EXCERPT_BYTES = 4000,
};

extern const char *const ingest_kind_names[]; /* "image", "video", "audio", "model", "text" */

struct ingest_in {
    bool checksum; /* SHA-256 of the file, for callers that do not have it */
};

struct ingest_stream {
    int64_t number;
    const char *kind; /* video, audio, subtitle, cover, data */
    const char *codec, *language, *title;
    int64_t width, height; /* as coded, before rotation */
    double fps;
    int64_t sample_rate, channels, bit_rate;
    const char *layout; /* of the channels: mono, stereo, 5.1, ... */
    bool standard; /* the one a player starts with */
};

/* Chapters and cues have text; stretches of silence and the like have none. */
struct ingest_span {
    double start_s, end_s;
    const char *text;
};

/* A scene cut: the first moment of the new picture. */
struct ingest_cut {
    double at_s;
    double strength; /* 0..1 */
};

struct ingest_tag {
    const char *name, *value;
};

struct ingest_color {
    const char *primaries, *transfer, *matrix, *range; /* as ITU-T H.273 calls them */
    bool hdr;
};

/* Where a picture or clip says it comes from. */
struct ingest_origin {
    const char *source_type; /* last part of the IPTC digital source type: "trainedAlgorithmicMedia" */
    bool c2pa;               /* a C2PA manifest is inside */
    bool generated;          /* either of them, or a generator's notes, say that a model made it */
    const char *generator;   /* program or model that says so */
};

/* The sheet: tile n stands at column n % columns, row n / columns and shows the time n * interval_s. */
struct ingest_sprite {
    int64_t columns, rows, tiles, tile_width, tile_height;
    double interval_s;
};

/* The peaks file. */
struct ingest_peaks {
    int64_t sample_rate, samples_per_pixel, length, channels, bits;
};

/* A glTF scene. The size is that of the box around everything, in metres. */
struct ingest_model {
    const char *version, *generator;
    int64_t nodes, meshes, vertices, triangles, materials, textures, animations, skins, cameras;
    double width, height, depth;
    double min_x, min_y, min_z;
    double animation_s; /* the longest */
    bool self_contained; /* needs no other file */
};

struct ingest_text {
    const char *format;   /* plain, markdown, srt, vtt */
    const char *encoding; /* utf-8, utf-16le, utf-16be, windows-1252 */
    int64_t lines, words, characters;
    int64_t cues;         /* captions only */
    double spoken_s;      /* captions only: time with text on screen */
    const char *excerpt;  /* the beginning */
};

struct media_analysis {
    const char *kind; /* of ingest_kind_names */
    const char *mime_type, *extension, *format;
    int64_t file_size;
    const char *sha256;
    double duration_s;
    int64_t bit_rate, width, height; /* of the upright picture */
    int64_t rotation;                /* degrees clockwise that were applied for that */
    double fps;
    int64_t frames; /* decoded, of a picture its pages */
    bool alpha, animated, has_captions;
    const char *video_codec, *pixel_format, *audio_codec;
    int64_t sample_rate, channels;
    int64_t created_at;
    const struct ingest_color *color;
    const struct ingest_origin *origin;
    struct list streams;  /* struct ingest_stream */
    struct list chapters; /* struct ingest_span */
    struct list tags;     /* struct ingest_tag */
    const char *phash;    /* 64 bits as 16 hexadecimal digits */
    struct texts frame_hashes; /* the same of pictures at even distances over the whole video */
    const char *thumbhash, *fingerprint; /* base64; Chromaprint's own base64 */
    const struct ingest_sprite *sprite;
    const struct ingest_peaks *peaks;
    double loudness, loudness_range, true_peak; /* LUFS, LU, dBTP */
    double tempo, tempo_confidence;             /* beats per minute, 0..1 */
    struct list silence, black, frozen;         /* struct ingest_span */
    struct list cuts;                           /* struct ingest_cut */
    const struct ingest_model *model;
    const struct ingest_text *text;
    struct list cues;      /* struct ingest_span, the first ones */
    struct texts warnings; /* sentences: what is wrong with a file that can be used all the same */
};

extern const struct shape ingest_in_shape, media_analysis_shape;

/* The perceptual hash as a number for a column of a database; false when there is none. */
bool ingest_phash(const struct media_analysis *analysis, int64_t *out) MUST_USE;
