#include "cache/area.h"

#include "cache/layout.h"

enum {
    LINK = 1, /* the word of a free piece that names the next one */
    BACK_STEP = 1024 * 1024,
};

/* 64, 128, 192, 256, 320, 384, 448, 512, 640, ... */
static size_t size_of(int number)
{
    size_t base;

    if (number < 4) return (size_t)TK_UNIT * (size_t)(number + 1);
    base = (size_t)TK_UNIT << (number / 4 + 1);
    return base + base / 4 * (size_t)(number % 4 + 1);
}

/* TK_AREA_SIZES if there is none as large. */
static int number_for(size_t len)
{
    int number = 0;

    while (number < TK_AREA_SIZES && size_of(number) < len) number++;
    return number;
}

size_t tk_area_piece_size(size_t len)
{
    return size_of(number_for(len));
}

void tk_area_init(struct tk_area *area, void *bytes, uint64_t size,
                  tk_area_back_cb back, void *data)
{
    *area = (struct tk_area){.words = bytes,
                             .size = size,
                             .backed = back == NULL ? size : 0,
                             .back = back,
                             .data = data};
}

uint64_t *tk_area_at(const struct tk_area *area, uint32_t place)
{
    return area->words + (size_t)(place - 1) * TK_UNIT_WORDS;
}

static uint32_t pop(struct tk_area *area, int number)
{
    uint32_t place = area->free[number];

    if (place != 0) {
        area->free[number] = (uint32_t)tk_area_at(area, place)[LINK];
    }
    return place;
}

static void push(struct tk_area *area, int number, uint32_t place)
{
    tk_word_store(&tk_area_at(area, place)[LINK], area->free[number]);
    area->free[number] = place;
}

static bool is_backed(struct tk_area *area, uint64_t end)
{
    uint64_t goal = (end + BACK_STEP - 1) / BACK_STEP * BACK_STEP;

    if (end <= area->backed) return true;
    if (goal > area->size) goal = area->size;
    if (area->back(area->backed, goal - area->backed, area->data) != 0) {
        return false;
    }
    area->backed = goal;
    return true;
}

static uint32_t cut(struct tk_area *area, int number)
{
    uint64_t at = area->used;

    if (size_of(number) > area->size - at ||
        !is_backed(area, at + size_of(number))) {
        return 0;
    }
    area->used += size_of(number);
    return (uint32_t)(at / TK_UNIT) + 1;
}

/* What is left over must be of a size itself: a piece goes back by the length
 * of what it held, so none may be larger than that asks for. */
static uint32_t split(struct tk_area *area, int number)
{
    for (int larger = number + 1; larger < TK_AREA_SIZES; larger++) {
        size_t left = size_of(larger) - size_of(number);
        int rest = number_for(left);
        uint32_t place;

        if (area->free[larger] == 0 || size_of(rest) != left) continue;
        place = pop(area, larger);
        push(area, rest, place + (uint32_t)(size_of(number) / TK_UNIT));
        return place;
    }
    return 0;
}

uint32_t tk_area_take(struct tk_area *area, size_t len)
{
    int number = number_for(len);
    uint32_t place;

    if (number == TK_AREA_SIZES) return 0;
    place = pop(area, number);
    if (place == 0) place = cut(area, number);
    if (place == 0) place = split(area, number);
    return place;
}

void tk_area_give(struct tk_area *area, uint32_t place, size_t len)
{
    int number = number_for(len);
    uint64_t *words = tk_area_at(area, place);

    for (size_t i = 0; i < size_of(number) / 8; i++) {
        tk_word_store(&words[i], 0);
    }
    push(area, number, place);
}
