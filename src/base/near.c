#include "base/near.h"

#include <stdint.h>

enum { LONGEST = 63 };

void tk_near_init(struct tk_near *near, struct tk_str word)
{
    *near = (struct tk_near){.word = word, .best = {"", 0}};
    near->distance = word.len <= 4 ? 2 : 3;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Damerau-Levenshtein distance (optimal string alignment) by three rows. */
static size_t distance(struct tk_str a, struct tk_str b)
{
    size_t rows[3][LONGEST + 1];

    if (a.len > LONGEST || b.len > LONGEST) return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        size_t *above = rows[(i - 1) % 3];
        size_t *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = a.data[i - 1] != b.data[j - 1];

            row[j] =
                smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                a.data[i - 2] == b.data[j - 1]) {
                row[j] = smallest(row[j], row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

void tk_near_try(struct tk_near *near, struct tk_str candidate)
{
    size_t far = distance(near->word, candidate);

    if (far >= near->distance) return;
    near->distance = far;
    near->best = candidate;
}
