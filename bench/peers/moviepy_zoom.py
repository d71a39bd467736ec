#!/usr/bin/env python3
"""The peer of P4: what people do today for a moving still. MoviePy zooms and pans through a picture, grades it and
writes H.264 with the preset our encoder starts from. Prints frames per second.

    python3 -m venv peers && peers/bin/pip install moviepy
    build/umam render "a lighthouse at sunset" --seconds 1 -o still.mp4 && ffmpeg -i still.mp4 -frames:v 1 still.png
    peers/bin/python bench/peers/moviepy_zoom.py still.png
"""
import os
import sys
import tempfile
import time

import numpy as np
from moviepy import CompositeVideoClip, ImageClip

SECONDS, FPS, WIDTH, HEIGHT = 5, 30, 1920, 1080
LIFT, GAMMA, GAIN = np.array([2.0, 0.0, 4.0]), np.array([0.95, 1.0, 1.06]), np.array([1.06, 1.0, 0.92])


def grade(frame):
    levels = np.arange(256) / 255
    table = np.stack([np.clip((levels ** g) * k * 255 + l, 0, 255) for l, g, k in zip(LIFT, GAMMA, GAIN)], axis=1)
    return np.stack([table[:, c].astype(np.uint8)[frame[:, :, c]] for c in range(3)], axis=2)


clip = (ImageClip(sys.argv[1]).resized((WIDTH * 5 // 4, HEIGHT * 5 // 4)).with_duration(SECONDS)
        .resized(lambda t: 1 + 0.02 * t)
        .with_position(lambda t: (-40 * t, "center"))
        .image_transform(grade))
shot = CompositeVideoClip([clip], size=(WIDTH, HEIGHT))
with tempfile.TemporaryDirectory() as folder:
    began = time.monotonic()
    shot.write_videofile(os.path.join(folder, "zoom.mp4"), fps=FPS, codec="libx264", preset="ultrafast", audio=False,
                         threads=2, ffmpeg_params=["-crf", "18"], logger=None)
    took = time.monotonic() - began
print(f"MoviePy zoom, pan and grade: {SECONDS * FPS / took:.1f} frames/s, real time x {SECONDS / took:.2f}")
