/* cache/names.h - how the shared cache is called, in the runtime directory. */
#ifndef TK_CACHE_NAMES_H
#define TK_CACHE_NAMES_H

#define TK_SEGMENT_FILE "tokeng.cache"
#define TK_DEMAND_FILE  "tokeng.demand"

#endif
