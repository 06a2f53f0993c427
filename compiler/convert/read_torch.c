/* State dicts that torch.save wrote: a zip with data.pkl, a program for a machine of stacks, and
 * data/KEY, the bytes of storages; or, before 1.6, such programs and the storages' bytes one after
 * another.  The machine here knows the instructions and the few names that
 * state dicts are made of; any other is an error, and none has an effect but on its stack. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/names.h"
#include "convert/foreign.h"

enum value_kind { MARK, NOTHING, NUMBER, TEXT, NAME, TUPLE, LIST, DICT, STORAGE, TENSOR };

struct value {
    enum value_kind kind;
    int64_t number;                     /* NUMBER; NOTHING: 1 where it is what Python calls True */
    const char *text;                   /* TEXT, NAME; of a STORAGE its key */
    struct value **item;                /* TUPLE, LIST; of a DICT keys and values in turn */
    int count, room;
    enum inv_element element;           /* STORAGE */
    const char *why;                    /* a STORAGE or TENSOR that cannot be read, or NULL */
    struct foreign_array array;         /* TENSOR */
    int64_t first;
    const struct value *storage;
};

struct machine {
    struct foreign *f;
    const struct names *by_name;        /* struct member of the zip */
    const char *folder;                 /* of the zip's members: "archive" */
    const struct names *stored;         /* STORAGEs by their keys */
    const unsigned char *at, *end;
    struct value **stack, **memo;
    int count, room, memo_room, memos;   /* memos: how many MEMOIZE has put there */
    int keys;                           /* seen, of dictionaries in the end */
    bool failed;
};

enum { MEMO = 1 << 20, DEPTH = 32, KEYS = 1 << 22 };

static const struct { const char *name; enum inv_element element; } storages[] = {
    {"torch FloatStorage", INV_ELEMENT_F32}, {"torch DoubleStorage", INV_ELEMENT_F64},
    {"torch HalfStorage", INV_ELEMENT_F16}, {"torch BFloat16Storage", INV_ELEMENT_BF16},
    {"torch LongStorage", INV_ELEMENT_I64}, {"torch IntStorage", INV_ELEMENT_I32},
    {"torch ShortStorage", INV_ELEMENT_I16}, {"torch CharStorage", INV_ELEMENT_I8},
    {"torch ByteStorage", INV_ELEMENT_U8}, {"torch BoolStorage", INV_ELEMENT_B1}};
enum { STORAGES = sizeof storages / sizeof *storages };

#define fail(m, ...) ((m)->failed = true, foreign_fail((m)->f, __VA_ARGS__))

/* ---- stack and bytes ---- */

static struct value *new_value(struct machine *m, enum value_kind kind)
{
    struct value *v = ARENA_NEW(m->f->arena, struct value);
    v->kind = kind;
    return v;
}

static void push(struct machine *m, struct value *v)
{
    ARENA_PUSH(m->f->arena, m->stack, m->count, m->room) = v;
}

/* Never NULL; where the stack is empty the machine has failed. */
static struct value *pop(struct machine *m)
{
    if (m->count > 0)
        return m->stack[--m->count];
    if (!m->failed)
        fail(m, "its data.pkl is damaged: there is nothing on the stack");
    return new_value(m, NOTHING);
}

static struct value *top(struct machine *m)
{
    struct value *v = pop(m);
    push(m, v);
    return v;
}

static const unsigned char *take(struct machine *m, uint64_t bytes)
{
    static const unsigned char nothing[8];
    const unsigned char *at = m->at;
    if (bytes > (uint64_t)(m->end - m->at)) {
        if (!m->failed)
            fail(m, "its data.pkl is cut short");
        m->at = m->end;
        return bytes <= sizeof nothing ? nothing : NULL;
    }
    m->at += bytes;
    return at;
}

static uint64_t take_number(struct machine *m, int bytes)
{
    const unsigned char *at = take(m, (uint64_t)bytes);
    uint64_t value = 0;
    for (int b = bytes - 1; b >= 0; b--)
        value = value << 8 | at[b];
    return value;
}

static void push_number(struct machine *m, int64_t number)
{
    struct value *v = new_value(m, NUMBER);
    v->number = number;
    push(m, v);
}

static void push_text(struct machine *m, uint64_t length)
{
    const unsigned char *at = take(m, length);
    struct value *v = new_value(m, TEXT);
    if (!m->failed && memchr(at, 0, length))
        fail(m, "its data.pkl has a text with a zero byte, which no name of a state dict has");
    v->text = at && !m->failed ? arena_strndup(m->f->arena, (const char *)at, length) : "";
    push(m, v);
}

/* A whole number of so many bytes, of which 8 count. */
static void push_long(struct machine *m)
{
    uint64_t bytes = take_number(m, 1);
    const unsigned char *at = take(m, bytes);
    int64_t value = 0;
    if (bytes > 8)
        fail(m, "its data.pkl has a number of %d bytes", (int)bytes);
    for (int b = (int)bytes - 1; b >= 0 && !m->failed; b--)
        value = (int64_t)((uint64_t)(b == (int)bytes - 1 && at[b] > 127 ? -1 : value) << 8 | at[b]);
    push_number(m, value);
}

/* The line up to its end. */
static const char *take_line(struct machine *m)
{
    const unsigned char *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    const char *line = "";
    if (end)
        line = arena_strndup(m->f->arena, (const char *)m->at, (size_t)(end - m->at));
    take(m, end ? (uint64_t)(end - m->at) + 1 : (uint64_t)(m->end - m->at) + 1);
    return line;
}

/* ---- names that are known ---- */

/* "torch FloatStorage"; those of numbers that cannot be read have such names, too. */
static bool is_storage(const char *name)
{
    static const char prefix[] = "torch ", suffix[] = "Storage";
    size_t length = strlen(name), first = sizeof prefix - 1, last = sizeof suffix - 1;
    return length > first + last && strncmp(name, prefix, first) == 0 &&
           strcmp(name + length - last, suffix) == 0 && !strchr(name, '.');
}

static void push_name(struct machine *m, const char *module, const char *name)
{
    static const char *const known[] = {
        "collections OrderedDict", "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter"};
    struct value *v = new_value(m, NAME);
    v->text = arena_printf(m->f->arena, "%s %s", module, name);
    bool good = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        good |= strcmp(known[i], v->text) == 0;
    if (!good && !is_storage(v->text))
        fail(m, "names %.80s.%.80s, which no state dict needs; save one: "
             "torch.save(model.state_dict(), \"w.pt\")", module, name);
    push(m, v);
}

/* Module and name lie on the stack. */
static void push_stacked_name(struct machine *m)
{
    const struct value *name = pop(m), *module = pop(m);
    if (!m->failed && (name->kind != TEXT || module->kind != TEXT))
        fail(m, "its data.pkl names what is no text");
    if (!m->failed)
        push_name(m, module->text, name->text);
}

static struct value *item(const struct value *v, int i, enum value_kind kind)
{
    return i < v->count && v->item[i]->kind == kind ? v->item[i] : NULL;
}

/* ("storage", torch.FloatStorage, key, location, elements), and before 1.6 which part of another it
 * is, which none of a state dict is. */
static void push_storage(struct machine *m)
{
    const struct value *id = pop(m);
    const struct value *type = item(id, 1, NAME), *key = item(id, 2, TEXT);
    struct value *v = new_value(m, STORAGE);
    int at = 0;
    while (type && at < STORAGES && strcmp(storages[at].name, type->text) != 0)
        at++;
    if (!m->failed && (id->kind != TUPLE || !type || !key || !is_storage(type->text) ||
                       (id->count > 5 && !item(id, 5, NOTHING))))
        fail(m, "its data.pkl has a storage of another form");
    v->text = key ? key->text : "";
    if (type && at == STORAGES)
        v->why = arena_printf(m->f->arena, "lies in a %s", type->text + strlen("torch "));
    v->element = at < STORAGES ? storages[at].element : INV_ELEMENT_F32;
    m->stored = names_add(m->f->arena, m->stored, v->text, v);
    push(m, v);
}

/* (storage, first element, shape, strides, ...) */
static void push_tensor(struct machine *m, const struct value *given)
{
    const struct value *storage = item(given, 0, STORAGE), *first = item(given, 1, NUMBER);
    const struct value *shape = item(given, 2, TUPLE), *stride = item(given, 3, TUPLE);
    struct value *v = new_value(m, TENSOR);
    bool good = storage && first && shape && stride && shape->count == stride->count;
    const char *why = good && shape->count > INV_RANK
        ? arena_printf(m->f->arena, "has more than %d axes", INV_RANK) : good ? storage->why : NULL;
    for (int i = 0; good && !why && i < shape->count; i++) {
        const struct value *extent = item(shape, i, NUMBER), *step = item(stride, i, NUMBER);
        good = extent && step && extent->number >= 0;
        if (good)
            v->array.dim[v->array.rank] = extent->number;
        if (good)
            v->array.stride[v->array.rank++] = step->number;
    }
    if (good) {
        v->storage = storage;
        v->first = first->number;
        v->array.element = storage->element;
        v->why = why;
    } else if (!m->failed) {
        fail(m, "its data.pkl has a tensor of another form");
    }
    push(m, v);
}

static void reduce(struct machine *m)
{
    struct value *given = pop(m), *function = pop(m);
    const char *name = function->kind == NAME ? function->text : "";
    if (m->failed)
        return;
    if (strcmp(name, "collections OrderedDict") == 0 && given->kind == TUPLE && given->count == 0)
        push(m, new_value(m, DICT));
    else if (strcmp(name, "torch._utils _rebuild_tensor_v2") == 0)
        push_tensor(m, given);
    else if (strcmp(name, "torch._utils _rebuild_parameter") == 0 && item(given, 0, TENSOR))
        push(m, given->item[0]);
    else
        fail(m, "its data.pkl calls what is no function of state dicts");
}

/* ---- instructions ---- */

/* What lies above the last mark becomes items of `to`, a dictionary's in pairs. */
static void collect(struct machine *m, struct value *to, int from)
{
    for (int i = from; i < m->count; i++)
        ARENA_PUSH(m->f->arena, to->item, to->count, to->room) = m->stack[i];
    m->count = from;
}

static int last_mark(struct machine *m)
{
    int at = m->count - 1;
    while (at >= 0 && m->stack[at]->kind != MARK)
        at--;
    if (at < 0 && !m->failed)
        fail(m, "its data.pkl is damaged: there is no mark on the stack");
    return at < 0 ? 0 : at;
}

static void make_tuple(struct machine *m, int from, int dropped)
{
    struct value *v = new_value(m, TUPLE);
    if (from < 0) {
        fail(m, "its data.pkl is damaged: there is too little on the stack");
        return;
    }
    collect(m, v, from);
    m->count -= dropped;
    push(m, v);
}

/* The items above the last mark go into the list or dictionary below it. */
static void add_items(struct machine *m, enum value_kind kind)
{
    int mark = last_mark(m);
    if (m->failed)
        return;
    struct value *to = mark > 0 ? m->stack[mark - 1] : NULL;
    if (!to || to->kind != kind || (kind == DICT && (m->count - mark - 1) % 2 != 0)) {
        fail(m, "its data.pkl adds items to what takes none");
        return;
    }
    collect(m, to, mark + 1);
    m->count = mark;
}

static void remember(struct machine *m, uint64_t number)
{
    if (number >= MEMO) {
        fail(m, "its data.pkl is damaged: it remembers too much");
        return;
    }
    if ((uint64_t)m->memo_room <= number) {
        int room = (int)number * 2 + 256;
        struct value **longer = ARENA_ARRAY(m->f->arena, struct value *, room);
        if (m->memo_room)
            memcpy(longer, m->memo, sizeof *longer * (size_t)m->memo_room);
        m->memo = longer;
        m->memo_room = room;
    }
    m->memo[number] = top(m);
}

static void recall(struct machine *m, uint64_t number)
{
    if (number < (uint64_t)m->memo_room && m->memo[number])
        push(m, m->memo[number]);
    else
        fail(m, "its data.pkl is damaged: it recalls what it never had");
}

static void set_item(struct machine *m, bool keyed)
{
    struct value *value = pop(m), *key = keyed ? pop(m) : NULL, *to = top(m);
    if (m->failed)
        return;
    if (to->kind != (keyed ? DICT : LIST)) {
        fail(m, "its data.pkl adds items to what takes none");
        return;
    }
    if (keyed)
        ARENA_PUSH(m->f->arena, to->item, to->count, to->room) = key;
    ARENA_PUSH(m->f->arena, to->item, to->count, to->room) = value;
}

static void do_values(struct machine *m, int code)
{
    switch (code) {
    case 'N': case 0x88: case 0x89:
        push(m, new_value(m, NOTHING));
        top(m)->number = code == 0x88;
        break;
    case 'J': push_number(m, (int32_t)(uint32_t)take_number(m, 4)); break;
    case 'K': push_number(m, (int64_t)take_number(m, 1)); break;
    case 'M': push_number(m, (int64_t)take_number(m, 2)); break;
    case 'G': take(m, 8); push(m, new_value(m, NOTHING)); break;
    case 0x8a: push_long(m); break;
    case 'X': case 'T': push_text(m, take_number(m, 4)); break;
    case 0x8c: case 'U': push_text(m, take_number(m, 1)); break;
    case '}': push(m, new_value(m, DICT)); break;
    case ']': push(m, new_value(m, LIST)); break;
    case ')': push(m, new_value(m, TUPLE)); break;
    case '(': push(m, new_value(m, MARK)); break;
    default: fail(m, "its data.pkl has instruction 0x%02x, which no state dict needs", code);
    }
}

static void do_one(struct machine *m, int code)
{
    const char *module;
    switch (code) {
    case 0x80: take(m, 1); break;       /* version */
    case 0x95: take(m, 8); break;       /* frame */
    case 0x94: remember(m, (uint64_t)m->memos++); break;
    case 'q': remember(m, take_number(m, 1)); break;
    case 'r': remember(m, take_number(m, 4)); break;
    case 'h': recall(m, take_number(m, 1)); break;
    case 'j': recall(m, take_number(m, 4)); break;
    case 'c':
        module = take_line(m);
        push_name(m, module, take_line(m));
        break;
    case 0x93: push_stacked_name(m); break;
    case 't': make_tuple(m, last_mark(m) + 1, 1); break;
    case 0x85: make_tuple(m, m->count - 1, 0); break;
    case 0x86: make_tuple(m, m->count - 2, 0); break;
    case 0x87: make_tuple(m, m->count - 3, 0); break;
    case 'Q': push_storage(m); break;
    case 'R': reduce(m); break;
    case 's': set_item(m, true); break;
    case 'a': set_item(m, false); break;
    case 'u': add_items(m, DICT); break;
    case 'e': add_items(m, LIST); break;
    case 'b': pop(m); break;            /* _metadata of an OrderedDict */
    default: do_values(m, code);
    }
}

/* ---- what it leaves ---- */

static const struct member *find_storage(struct machine *m, const char *key)
{
    const char *name = arena_printf(m->f->arena, "%s/data/%s", m->folder, key);
    const struct member *member = names_find(m->by_name, name);
    if (!member)
        fail(m, "lacks %s", name);
    return member;
}

static void add_tensor(struct machine *m, const char *name, const struct value *v)
{
    const struct member *bytes = v->why ? NULL : find_storage(m, v->storage->text);
    struct foreign_array array = v->array;
    array.name = name;
    if (v->why && !foreign_add_unread(m->f, array, v->why))
        m->failed = true;
    if (bytes && !foreign_add(m->f, array, bytes->data, bytes->size, v->first))
        m->failed = true;
}

/* Tensors of a dictionary by their keys, those of one within another as "outer.inner". */
static void add_all(struct machine *m, const struct value *v, const char *prefix, int depth)
{
    if (depth == DEPTH)
        fail(m, "its data.pkl has dictionaries within each other without an end");
    m->keys += v->count / 2;
    if (m->keys > KEYS && !m->failed)
        fail(m, "its data.pkl has more than %d keys", (int)KEYS);
    for (int i = 0; v->kind == DICT && i + 1 < v->count && !m->failed; i += 2) {
        const struct value *key = v->item[i], *value = v->item[i + 1];
        if (key->kind != TEXT)
            continue;
        const char *name = arena_printf(m->f->arena, "%s%s%s", prefix, *prefix ? "." : "",
                                        key->text);
        if (value->kind == TENSOR)
            add_tensor(m, name, value);
        else if (value->kind == DICT)
            add_all(m, value, name, depth + 1);
    }
}

/* Runs the program that stands there: what it leaves; NULL after an error. */
static const struct value *run(struct machine *m)
{
    int code = 0;
    m->count = m->memo_room = m->memos = 0;
    while (!m->failed && code != '.') {
        code = (int)take_number(m, 1);
        if (!m->failed && code != '.')
            do_one(m, code);
    }
    const struct value *root = m->failed ? NULL : pop(m);
    return m->failed ? NULL : root;
}

static bool add_root(struct machine *m, const struct value *root)
{
    if (root && root->kind != DICT)
        fail(m, "holds no dictionary; save one: torch.save(model.state_dict(), \"w.pt\")");
    if (!m->failed)
        add_all(m, root, "", 0);
    return !m->failed;
}

bool foreign_torch(struct foreign *f, const struct members *members, const struct member *pickle)
{
    struct machine m = {.f = f, .at = pickle->data,
                        .end = pickle->data + pickle->size,
                        .folder = arena_strndup(f->arena, pickle->name,
                                                (size_t)(strchr(pickle->name, '/') -
                                                         pickle->name))};
    const char *order = arena_printf(f->arena, "%s/byteorder", m.folder);
    for (int i = 0; i < members->count; i++)
        if (strcmp(members->member[i].name, order) == 0 && members->member[i].size == 3 &&
            memcmp(members->member[i].data, "big", 3) == 0)
            return foreign_fail(f, "was written by a big-endian machine, which cannot be read");
    for (int i = 0; i < members->count; i++)
        m.by_name = names_add(f->arena, m.by_name, members->member[i].name, &members->member[i]);
    return add_root(&m, run(&m));
}

/* ---- before 1.6 ---- */

/* The format's number, the first of the programs. */
static const unsigned char magic[] = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a,
                                      0xa8, 0x50, 0x19, '.'};

/* What the writing machine says of itself. */
static bool is_little(const struct value *system)
{
    for (int i = 0; system->kind == DICT && i + 1 < system->count; i += 2)
        if (system->item[i]->kind == TEXT && !strcmp(system->item[i]->text, "little_endian"))
            return system->item[i + 1]->kind == NOTHING && system->item[i + 1]->number == 1;
    return false;
}

/* The storages that the list names: of each how many elements, and their bytes. */
static void find_storages(struct machine *m, const struct value *keys)
{
    for (int i = 0; i < keys->count && !m->failed; i++) {
        const struct value *key = item(keys, i, TEXT);
        const struct value *storage = key ? names_find(m->stored, key->text) : NULL;
        if (!storage || storage->why) {
            fail(m, "has a storage that %s",
                 storage ? storage->why : "none of its tensors lies in");
            return;
        }
        uint64_t count = take_number(m, 8), each = (uint64_t)inv_element_bytes(storage->element);
        struct member *bytes = ARENA_NEW(m->f->arena, struct member);
        bytes->size = count > (uint64_t)(m->end - m->at) / each ? SIZE_MAX : (size_t)(count * each);
        bytes->name = arena_printf(m->f->arena, "%s/data/%s", m->folder, key->text);
        bytes->data = take(m, bytes->size);
        m->by_name = names_add(m->f->arena, m->by_name, bytes->name, bytes);
    }
}

bool foreign_torch_old(struct foreign *f, const unsigned char *bytes, size_t size)
{
    struct machine m = {.f = f, .at = bytes, .end = bytes + size, .folder = "archive"};
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return foreign_fail(f, "is no file of torch.save; save the weights: "
                            "torch.save(model.state_dict(), \"w.pt\")");
    m.at += sizeof magic;
    const struct value *version = run(&m);
    if (version && (version->kind != NUMBER || version->number != 1001))
        fail(&m, "is of a form before PyTorch 1.6 that is not known; save it anew there: "
             "torch.save(torch.load(\"old.pt\"), \"new.pt\")");
    const struct value *system = m.failed ? NULL : run(&m);
    if (system && !is_little(system))
        fail(&m, "was written by a big-endian machine, which cannot be read");
    const struct value *root = m.failed ? NULL : run(&m), *keys = m.failed ? NULL : run(&m);
    if (keys && keys->kind != LIST)
        fail(&m, "is damaged: it has no list of its storages");
    if (keys && !m.failed)
        find_storages(&m, keys);
    return !m.failed && add_root(&m, root);
}
