/* An analysis as a person likes to read it: a line for each thing there is to say. */
#pragma once

#include "task/ingest.h"

void analysis_show(const struct media_analysis *analysis, struct arena *mem);
