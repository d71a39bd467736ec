#include "task/ingest.h"

#include <stdlib.h>

const char *const ingest_kind_names[] = { "image", "video", "audio", "model", "text", NULL };

static const struct field in_fields[] = {
    BOOL(struct ingest_in, checksum, .doc = "Also compute the SHA-256 of the file."),
    { 0 },
};
const struct shape ingest_in_shape = SHAPE("IngestIn", struct ingest_in, in_fields);

static const struct field stream_fields[] = {
    INT(struct ingest_stream, number, .doc = "Its place in the file, from 0."),
    TEXT(struct ingest_stream, kind, .doc = "video, audio, subtitle, cover or data."),
    TEXT(struct ingest_stream, codec, .nullable = true, .doc = "How it is coded."),
    TEXT(struct ingest_stream, language, .nullable = true, .doc = "Language as the file states it."),
    TEXT(struct ingest_stream, title, .nullable = true, .doc = "Name as the file states it."),
    INT(struct ingest_stream, width, .nullable = true, .doc = "Pixels as coded."),
    INT(struct ingest_stream, height, .nullable = true, .doc = "Pixels as coded."),
    REAL(struct ingest_stream, fps, .nullable = true, .doc = "Frames per second."),
    INT(struct ingest_stream, sample_rate, .nullable = true, .doc = "Samples per second."),
    INT(struct ingest_stream, channels, .nullable = true, .doc = "Audio channels."),
    TEXT(struct ingest_stream, layout, .nullable = true, .doc = "Where they belong: mono, stereo, 5.1, ..."),
    INT(struct ingest_stream, bit_rate, .nullable = true, .doc = "Bits per second."),
    BOOL(struct ingest_stream, standard, .doc = "The one a player starts with."),
    { 0 },
};
static const struct shape stream_shape = SHAPE("MediaStream", struct ingest_stream, stream_fields);

static const struct field span_fields[] = {
    REAL(struct ingest_span, start_s, .doc = "Begins at this second."),
    REAL(struct ingest_span, end_s, .doc = "Ends at this second."),
    TEXT(struct ingest_span, text, .nullable = true, .doc = "Title of a chapter, words of a cue."),
    { 0 },
};
static const struct shape span_shape = SHAPE("MediaSpan", struct ingest_span, span_fields);

static const struct field cut_fields[] = {
    REAL(struct ingest_cut, at_s, .doc = "Second of the first frame after the cut."),
    REAL(struct ingest_cut, strength, .doc = "How much the picture changes, 0 to 1."),
    { 0 },
};
static const struct shape cut_shape = SHAPE("SceneCut", struct ingest_cut, cut_fields);

static const struct field tag_fields[] = {
    TEXT(struct ingest_tag, name, .doc = "What the file calls it."),
    TEXT(struct ingest_tag, value, .doc = "What it says."),
    { 0 },
};
static const struct shape tag_shape = SHAPE("MediaTag", struct ingest_tag, tag_fields);

static const struct field color_fields[] = {
    TEXT(struct ingest_color, primaries, .nullable = true, .doc = "Colour primaries."),
    TEXT(struct ingest_color, transfer, .nullable = true, .doc = "Transfer characteristics."),
    TEXT(struct ingest_color, matrix, .nullable = true, .doc = "Matrix coefficients."),
    TEXT(struct ingest_color, range, .nullable = true, .doc = "tv (limited) or pc (full)."),
    BOOL(struct ingest_color, hdr, .doc = "The transfer is one of high dynamic range."),
    { 0 },
};
static const struct shape color_shape = SHAPE("MediaColor", struct ingest_color, color_fields);

static const struct field origin_fields[] = {
    TEXT(struct ingest_origin, source_type, .nullable = true,
         .doc = "IPTC digital source type, its last part."),
    BOOL(struct ingest_origin, c2pa, .doc = "A C2PA manifest is inside (kept as it is, not verified)."),
    BOOL(struct ingest_origin, generated, .doc = "The file says that a model made it."),
    TEXT(struct ingest_origin, generator, .nullable = true, .doc = "The program or model the file names."),
    { 0 },
};
static const struct shape origin_shape = SHAPE("MediaOrigin", struct ingest_origin, origin_fields);

static const struct field sprite_fields[] = {
    INT(struct ingest_sprite, columns, .doc = "Tiles in a row."),
    INT(struct ingest_sprite, rows, .doc = "Rows."),
    INT(struct ingest_sprite, tiles, .doc = "Tiles with a picture."),
    INT(struct ingest_sprite, tile_width, .doc = "Pixels."),
    INT(struct ingest_sprite, tile_height, .doc = "Pixels."),
    REAL(struct ingest_sprite, interval_s, .doc = "Seconds from one tile to the next."),
    { 0 },
};
static const struct shape sprite_shape = SHAPE("SpriteSheet", struct ingest_sprite, sprite_fields);

static const struct field peaks_fields[] = {
    INT(struct ingest_peaks, sample_rate, .doc = "Samples per second of the sound."),
    INT(struct ingest_peaks, samples_per_pixel, .doc = "Samples behind each pair of peaks."),
    INT(struct ingest_peaks, length, .doc = "Pairs of lowest and highest."),
    INT(struct ingest_peaks, channels, .doc = "1: all channels mixed."),
    INT(struct ingest_peaks, bits, .doc = "8 or 16."),
    { 0 },
};
static const struct shape peaks_shape = SHAPE("WaveformPeaks", struct ingest_peaks, peaks_fields);

static const struct field model_fields[] = {
    TEXT(struct ingest_model, version, .doc = "Version of glTF."),
    TEXT(struct ingest_model, generator, .nullable = true, .doc = "Program that wrote it."),
    INT(struct ingest_model, nodes, .doc = "Nodes."),
    INT(struct ingest_model, meshes, .doc = "Meshes."),
    INT(struct ingest_model, vertices, .doc = "Vertices of all meshes."),
    INT(struct ingest_model, triangles, .doc = "Triangles of all meshes."),
    INT(struct ingest_model, materials, .doc = "Materials."),
    INT(struct ingest_model, textures, .doc = "Textures."),
    INT(struct ingest_model, animations, .doc = "Animations."),
    INT(struct ingest_model, skins, .doc = "Skins."),
    INT(struct ingest_model, cameras, .doc = "Cameras."),
    REAL(struct ingest_model, width, .nullable = true, .doc = "Size along x, metres."),
    REAL(struct ingest_model, height, .nullable = true, .doc = "Size along y, metres."),
    REAL(struct ingest_model, depth, .nullable = true, .doc = "Size along z, metres."),
    REAL(struct ingest_model, min_x, .nullable = true, .doc = "Lowest x."),
    REAL(struct ingest_model, min_y, .nullable = true, .doc = "Lowest y."),
    REAL(struct ingest_model, min_z, .nullable = true, .doc = "Lowest z."),
    REAL(struct ingest_model, animation_s, .nullable = true, .doc = "Length of the longest animation."),
    BOOL(struct ingest_model, self_contained, .doc = "It needs no other file."),
    { 0 },
};
static const struct shape model_shape = SHAPE("ModelFacts", struct ingest_model, model_fields);

static const struct field text_fields[] = {
    TEXT(struct ingest_text, format, .doc = "plain, markdown, srt or vtt."),
    TEXT(struct ingest_text, encoding, .doc = "How the characters are coded."),
    INT(struct ingest_text, lines, .doc = "Lines."),
    INT(struct ingest_text, words, .doc = "Words: runs without white space."),
    INT(struct ingest_text, characters, .doc = "Unicode code points."),
    INT(struct ingest_text, cues, .nullable = true, .doc = "Captions."),
    REAL(struct ingest_text, spoken_s, .nullable = true, .doc = "Seconds with a caption on screen."),
    TEXT(struct ingest_text, excerpt, .nullable = true, .doc = "The beginning."),
    { 0 },
};
static const struct shape text_shape = SHAPE("TextFacts", struct ingest_text, text_fields);

static const struct field analysis_fields[] = {
    ENUM(struct media_analysis, kind, ingest_kind_names, .required = true, .doc = "Kind of media."),
    TEXT(struct media_analysis, mime_type, .required = true, .doc = "Media type by content."),
    TEXT(struct media_analysis, extension, .required = true,
         .doc = "Usual end of the name, without the dot."),
    TEXT(struct media_analysis, format, .required = true, .doc = "Container or file format."),
    INT(struct media_analysis, file_size, .required = true, .doc = "Bytes."),
    TEXT(struct media_analysis, sha256, .nullable = true, .doc = "Digest of the file, when asked for."),
    REAL(struct media_analysis, duration_s, .nullable = true, .doc = "Seconds."),
    INT(struct media_analysis, bit_rate, .nullable = true, .doc = "Bits per second of the whole file."),
    INT(struct media_analysis, width, .nullable = true, .doc = "Pixels of the upright picture."),
    INT(struct media_analysis, height, .nullable = true, .doc = "Pixels of the upright picture."),
    INT(struct media_analysis, rotation, .nullable = true, .doc = "Degrees clockwise that make it upright."),
    REAL(struct media_analysis, fps, .nullable = true, .doc = "Frames per second."),
    INT(struct media_analysis, frames, .nullable = true, .doc = "Pictures of the video or the animation."),
    BOOL(struct media_analysis, alpha, .doc = "Has transparency."),
    BOOL(struct media_analysis, animated, .doc = "A picture that moves."),
    BOOL(struct media_analysis, has_captions, .doc = "Holds captions."),
    TEXT(struct media_analysis, video_codec, .nullable = true, .doc = "Video codec."),
    TEXT(struct media_analysis, pixel_format, .nullable = true, .doc = "Pixel format."),
    TEXT(struct media_analysis, audio_codec, .nullable = true, .doc = "Audio codec."),
    INT(struct media_analysis, sample_rate, .nullable = true, .doc = "Audio samples per second."),
    INT(struct media_analysis, channels, .nullable = true, .doc = "Audio channels."),
    TIME(struct media_analysis, created_at, .nullable = true, .doc = "When it was made, as the file says."),
    OBJECT(struct media_analysis, color, struct ingest_color, &color_shape, .nullable = true,
           .doc = "How its colours are meant."),
    OBJECT(struct media_analysis, origin, struct ingest_origin, &origin_shape, .nullable = true,
           .doc = "Where it says it comes from."),
    LIST(struct media_analysis, streams, &stream_shape, .doc = "What is inside."),
    LIST(struct media_analysis, chapters, &span_shape, .doc = "Chapters."),
    LIST(struct media_analysis, tags, &tag_shape, .doc = "What else the file says about itself."),
    TEXT(struct media_analysis, phash, .nullable = true, .doc = "Perceptual hash: 64 bits, hexadecimal."),
    TEXTS(struct media_analysis, frame_hashes, .doc = "Perceptual hashes over the length of a video."),
    TEXT(struct media_analysis, thumbhash, .nullable = true, .doc = "ThumbHash placeholder, base64."),
    TEXT(struct media_analysis, fingerprint, .nullable = true,
         .doc = "Chromaprint of the first two minutes."),
    OBJECT(struct media_analysis, sprite, struct ingest_sprite, &sprite_shape, .nullable = true,
           .doc = "Layout of the sheet for scrubbing."),
    OBJECT(struct media_analysis, peaks, struct ingest_peaks, &peaks_shape, .nullable = true,
           .doc = "Layout of the waveform."),
    REAL(struct media_analysis, loudness, .nullable = true, .doc = "Integrated loudness, LUFS (EBU R 128)."),
    REAL(struct media_analysis, loudness_range, .nullable = true,
         .doc = "Loudness range, LU (EBU Tech 3342)."),
    REAL(struct media_analysis, true_peak, .nullable = true, .doc = "True peak, dBTP (ITU-R BS.1770)."),
    REAL(struct media_analysis, tempo, .nullable = true, .doc = "Beats per minute."),
    REAL(struct media_analysis, tempo_confidence, .nullable = true,
         .doc = "How regular the beat is, 0 to 1."),
    LIST(struct media_analysis, silence, &span_shape, .doc = "Stretches without sound."),
    LIST(struct media_analysis, black, &span_shape, .doc = "Stretches of black picture."),
    LIST(struct media_analysis, frozen, &span_shape, .doc = "Stretches of standing picture."),
    LIST(struct media_analysis, cuts, &cut_shape, .doc = "Scene cuts."),
    OBJECT(struct media_analysis, model, struct ingest_model, &model_shape, .nullable = true,
           .doc = "What a 3D model consists of."),
    OBJECT(struct media_analysis, text, struct ingest_text, &text_shape, .nullable = true,
           .doc = "What a text consists of."),
    LIST(struct media_analysis, cues, &span_shape, .doc = "The first captions."),
    TEXTS(struct media_analysis, warnings, .doc = "What is wrong with a file that can be used all the same."),
    { 0 },
};
const struct shape media_analysis_shape = SHAPE("MediaAnalysis", struct media_analysis, analysis_fields);

bool ingest_phash(const struct media_analysis *analysis, int64_t *out)
{
    if (!analysis->phash) return false;
    *out = (int64_t)strtoull(analysis->phash, NULL, 16);
    return true;
}
