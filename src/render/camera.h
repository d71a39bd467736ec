/* The camera grammar: one row per movement, a path over normalised, eased time.
 *
 * Lengths are in units of the distance between the opening camera and the subject, so that a row means the
 * same in a world and between the planes of a picture. The table is the only place that knows a movement. */
#pragma once

#include "base/scope.h"
#include "render/vec.h"

enum ease {
    EASE_STEADY, /* constant speed */
    EASE_SMOOTH, /* starts and stops gently */
    EASE_RUSH    /* waits, moves within `rush_s` seconds, settles */
};

struct pose {
    float orbit_deg;          /* around the subject, + moves the camera to the right of the opening view */
    float dolly, truck, rise; /* toward the subject, to the right, up */
    float yaw_deg, pitch_deg; /* away from the aim: + right, + up */
    float roll_deg;           /* + tips the camera clockwise, the picture turns the other way */
    float zoom;               /* focal length, 1 = the opening lens */
    float focus;              /* distance that is sharp; 0 = everything */
};

/* What an observer of the picture measures over the whole shot: least and most. */
struct range {
    float least, most;
};
struct signature {
    struct range right, down; /* the picture's content moves, in frame widths and heights */
    struct range grow;        /* natural logarithm of the scale */
    struct range turn;        /* degrees, + clockwise */
    bool behind; /* seen in the background, the upper part: near and far move against each other */
};

struct camera {
    const char *name;
    enum ease ease;
    struct pose from, to;
    float rush_s;              /* EASE_RUSH: how long the move takes */
    float aim;                 /* 1 = keeps looking at the subject, 0 = keeps its direction */
    float shake_deg, shake_hz; /* natural unrest of the hand */
    float weave;               /* swings left and right of the path while banking into the turns */
    float shutter;             /* part of a frame's time the shutter is open */
    float fisheye;             /* 0 = straight lines stay straight, 1 = full 180 degree bend */
    float world_speed;         /* 1 = the world runs in real time */
    bool vertigo;              /* the focal length keeps the subject's size */
    bool gate;                 /* a foreground frame stands in the path */
    float still;               /* where the best still is, 0..1 of the shot */
    struct signature shows;
};

/* Everything the lens needs at one moment. Position is relative to the subject's foot, in subject distances;
 * yaw 0 looks from the opening position to the subject. */
struct sight {
    float right, away, up; /* opening position: 0, -1, 0 above the opening height */
    float yaw, pitch, roll;
    float zoom, focus;
};

extern const struct camera cameras[];
extern const size_t camera_count;

/* NULL when there is none of this name. */
const struct camera *camera_find(const char *name);

/* The camera at `time_s` of a shot of `duration_s`. `aim_up` is the height of what the opening view looks at
 * over the opening camera, in subject distances; `reach` scales the travel (1 = full). */
struct sight camera_at(const struct camera *camera, double time_s, double duration_s, float aim_up,
                       float reach, uint32_t seed);
