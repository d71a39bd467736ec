/* Memory that only the start needed. */
#pragma once

/* Lets go of every page of mapped files that this process has not written to: the linker touched them all,
 * most are never needed again, and those that are come back from the page cache. Does nothing where the
 * kernel does not tell. */
void pages_release(void);
