/* Scanner, parser, tree and syntax errors.  Runs in the root of the repository. */
#include "language/ast.h"
#include <CUnit/Basic.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct diags *diags;

static struct ast *parse_bytes(const char *text, size_t size)
{
    arena = arena_new();
    diags = diags_new(arena);
    return ast_parse(arena, diags, diags_add_source(diags, "m.inv", text, size, false));
}

static struct ast *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static char *print_errors(void)
{
    char *printed = NULL;
    size_t size;
    FILE *f = open_memstream(&printed, &size);

    diags_print(diags, f);
    fclose(f);
    return printed;
}

static void expect_text(const char *what, const char *printed, const char *expected)
{
    if (strcmp(printed, expected))
        fprintf(stderr, "\n--- of\n%s\n--- expected\n%s--- got\n%s---\n", what, expected, printed);
    CU_ASSERT_STRING_EQUAL(printed, expected);
}

/* The tree of a source without errors. */
static void expect_tree(const char *source, const char *expected)
{
    struct ast *file = parse(source);
    struct text out;
    char *errors = print_errors();

    text_init(&out, arena);
    ast_dump(file, &out);
    expect_text(source, errors, "");
    expect_text(source, out.data, expected);
    free(errors);
    arena_free(arena);
}

/* The errors without the lines that show the source: "line:column: text", "help: ...". */
static void expect_bytes(const char *source, size_t size, const char *expected)
{
    char *errors, *line, *rest, brief[4096] = "";

    parse_bytes(source, size);
    rest = errors = print_errors();
    while ((line = strsep(&rest, "\n"))) {
        if (!strncmp(line, "m.inv:", 6)) {
            char *text = strstr(line, ": error: ");
            if (text)
                memmove(text + 2, text + 9, strlen(text + 9) + 1);
            line += 6;
        } else if (strncmp(line, "help: ", 6)) {
            continue;
        }
        strcat(strcat(brief, line), "\n");
    }
    expect_text(source, brief, expected);
    free(errors);
    arena_free(arena);
}

static void expect_errors(const char *source, const char *expected)
{
    expect_bytes(source, strlen(source), expected);
}

/* Within a block, whose first line is line 2. */
static void expect_inside(const char *statements, const char *expected)
{
    char source[1000];

    snprintf(source, sizeof source, "block b(x: f32[n]) {\n%s\n}\n", statements);
    expect_errors(source, expected);
}

/* --- Trees --- */

static void test_tree_declarations(void)
{
    expect_tree("invar 1\ninclude \"a \\\"b\\\\.inv\"\nconst n = 3\n"
                "target m4 { ram 192K }\ntrain m on d { keep best = val.loss }\n",
                "file\n"
                "  invar \"1\"\n"
                "  include \"a \\\"b\\\\.inv\"\n"
                "  const \"n\"\n"
                "    number \"3\"\n"
                "  target \"m4\"\n"
                "    body\n"
                "      statement \"ram\"\n"
                "        operands\n"
                "          number \"192K\"\n"
                "        -\n"
                "  train \"m\"\n"
                "    name \"d\"\n"
                "    body\n"
                "      declare \"keep\"\n"
                "        name \"best\"\n"
                "        -\n"
                "        member \"loss\"\n"
                "          name \"val\"\n"
                "        -\n");
}

static void test_tree_types(void)
{
    expect_tree("block b(x: f32[..., 2 * n], y: class[\"a\", \"b\"], pad: same | valid = same,) {}",
                "file\n"
                "  block \"b\"\n"
                "    formals\n"
                "      formal \"x\"\n"
                "        type \"f32\"\n"
                "          dims\n"
                "            ...\n"
                "            *\n"
                "              number \"2\"\n"
                "              name \"n\"\n"
                "        -\n"
                "      formal \"y\"\n"
                "        type \"class\"\n"
                "          dims\n"
                "            string \"a\"\n"
                "            string \"b\"\n"
                "        -\n"
                "      formal \"pad\"\n"
                "        one_of\n"
                "          word \"same\"\n"
                "          word \"valid\"\n"
                "        name \"same\"\n"
                "    body\n");
}

static void test_tree_statements(void)
{
    expect_tree("data d = csv(\"f\") {\n"
                "split train 70%, test 30%; shuffle false seed 7\n"
                "label y: class[3] = column(-1) {}\naugment x { shift(4, axis = 0) }\n}",
                "file\n"
                "  data \"d\"\n"
                "    call\n"
                "      name \"csv\"\n"
                "      arguments\n"
                "        string \"f\"\n"
                "    body\n"
                "      statement \"split\"\n"
                "        operands\n"
                "          share \"train\"\n"
                "            number \"70%\"\n"
                "          share \"test\"\n"
                "            number \"30%\"\n"
                "        -\n"
                "      statement \"shuffle\"\n"
                "        operands\n"
                "          name \"false\"\n"
                "        -\n"
                "      statement \"seed\"\n"
                "        operands\n"
                "          number \"7\"\n"
                "        -\n"
                "      declare \"label\"\n"
                "        name \"y\"\n"
                "        type \"class\"\n"
                "          dims\n"
                "            number \"3\"\n"
                "        call\n"
                "          name \"column\"\n"
                "          arguments\n"
                "            neg\n"
                "              number \"1\"\n"
                "        body\n"
                "      statement \"augment\"\n"
                "        operands\n"
                "          name \"x\"\n"
                "        body\n"
                "          statement \"shift\"\n"
                "            operands\n"
                "              parens\n"
                "                number \"4\"\n"
                "                named \"axis\"\n"
                "                  number \"0\"\n"
                "            -\n");
}

static void test_tree_control(void)
{
    expect_tree("block b(x: f32) { repeat 2 * n as s { a, b = x }\n"
                "repeat n {} if n == 1 {} else if not k { return x } else { } }",
                "file\n"
                "  block \"b\"\n"
                "    formals\n"
                "      formal \"x\"\n"
                "        type \"f32\"\n"
                "          -\n"
                "        -\n"
                "    body\n"
                "      statement \"repeat\"\n"
                "        operands\n"
                "          as \"s\"\n"
                "            *\n"
                "              number \"2\"\n"
                "              name \"n\"\n"
                "        body\n"
                "          bind\n"
                "            names\n"
                "              name \"a\"\n"
                "              name \"b\"\n"
                "            name \"x\"\n"
                "      statement \"repeat\"\n"
                "        operands\n"
                "          name \"n\"\n"
                "        body\n"
                "      if\n"
                "        ==\n"
                "          name \"n\"\n"
                "          number \"1\"\n"
                "        body\n"
                "        if\n"
                "          not\n"
                "            name \"k\"\n"
                "          body\n"
                "            statement \"return\"\n"
                "              operands\n"
                "                name \"x\"\n"
                "              -\n"
                "          body\n");
}

/* The expression on one line, every operation in parentheses. */
static void add_expression(const struct ast *e, struct text *out)
{
    text_printf(out, "(%s", ast_kind_name(e->kind));
    if (e->text)
        text_printf(out, " %s", e->text);
    for (int i = 0; i < e->count; i++) {
        const struct ast *k = e->kid[i];
        text_puts(out, " ");
        if (k->count || k->kind == AST_ARGUMENTS || k->kind == AST_ELLIPSIS)
            add_expression(k, out);
        else
            text_puts(out, k->text);
    }
    text_puts(out, ")");
}

static void expect_expression(const char *source, const char *expected)
{
    char text[300];
    struct ast *file;
    struct text out;
    char *errors;

    snprintf(text, sizeof text, "const a = %s\n", source);
    file = parse(text);
    errors = print_errors();
    expect_text(source, errors, "");
    text_init(&out, arena);
    add_expression(file->kid[0]->kid[0], &out);
    expect_text(source, out.data, expected);
    free(errors);
    arena_free(arena);
}

static void test_precedence(void)
{
    expect_expression("a + b * c - d", "(- (+ a (* b c)) d)");
    expect_expression("-a ^ b ^ -c", "(neg (^ a (^ b (neg c))))");
    expect_expression("a @ b / c * -d", "(* (/ (@ a b) c) (neg d))");
    expect_expression("not a == b or c and d < e", "(or (not (== a b)) (and c (< d e)))");
    expect_expression("a + 1..b - 1", "(.. (+ a 1) (- b 1))");
    expect_expression("0..63", "(.. 0 63)");
    expect_expression("a + b -> f(c) -> g", "(-> (-> (+ a b) (call f (arguments c))) g)");
    expect_expression("x -> f as n -> m.g() as k",
                      "(-> (-> x (as n f)) (as k (call (member g m) (arguments))))");
    expect_expression("f(x) as n + 1", "(+ (as n (call f (arguments x))) 1)");
    expect_expression("f(a -> g, n = b or c,)",
                      "(call f (arguments (-> a g) (named n (or b c))))");
    expect_expression("x[..., 0..-2][i].w", "(member w (index (index x (elements (...) "
                      "(.. 0 (neg 2)))) (elements i)))");
    expect_expression("[1, 2,][stage]", "(index (list 1 2) (elements stage))");
    expect_expression("(a + b)(c)", "(call (parens (+ a b)) (arguments c))");
    expect_expression("a\n  (b)", "(call a (arguments b))");
}

static void expect_number(const char *source, double value, bool whole)
{
    char text[100];
    struct ast *n;

    snprintf(text, sizeof text, "const a = %s\n", source);
    n = parse(text)->kid[0]->kid[0];
    CU_ASSERT_EQUAL(diags_error_count(diags), 0);
    CU_ASSERT_STRING_EQUAL(n->text, source);
    CU_ASSERT_EQUAL(n->number, value);
    CU_ASSERT_EQUAL(n->whole, whole);
    arena_free(arena);
}

static void test_numbers(void)
{
    expect_number("12", 12, true);
    expect_number("007", 7, true);
    expect_number("0.5", 0.5, false);
    expect_number("1e-3", 1e-3, false);
    expect_number("1E3", 1000, false);
    expect_number("70%", 0.7, false);
    expect_number("0.1%", 0.001, false);
    expect_number("1.5e1%", 0.15, false);
    expect_number("192K", 196608, true);
    expect_number("3M", 3145728, true);
    expect_number("1G", 1073741824, true);
    expect_number("9007199254740992", 9007199254740992.0, true);
}

static void test_words(void)
{
    expect_errors("block data(model: f32, train: f32) {\n target = model\n  data train = target\n"
                  "}\n"
                  "train data on train { invar = 3 }\n", "");
    expect_errors("const as = 1\n",
                  "1:7: unexpected 'as'; expected a name\n"
                  "help: this word is reserved and cannot be a name\n");
}

static void test_layouts(void)
{
    static const char crlf[] = "\xEF\xBB\xBFmodel m(x: f32[4])\r\n{\r\n  y =\r\n}\r\n";

    expect_bytes(crlf, sizeof crlf - 1, "4:1: unexpected '}'; expected an expression\n");
    expect_errors("# a\rconst b = # c\r  3\rconst =", "4:7: unexpected '='; expected a name\n");
    expect_errors("", "");
    expect_errors("# only a comment", "");
}

static void test_spans(void)
{
    struct ast *file = parse("const a = 1\nmodel net(x: f32[4]) {\n  y = x ->\n    f(x)\n}\n");
    const struct ast *net = file->kid[1], *chain = net->kid[1]->kid[0]->kid[1];

    CU_ASSERT_EQUAL(net->span.line, 2);
    CU_ASSERT_EQUAL(net->span.column, 1);
    CU_ASSERT_EQUAL(net->span.last_line, 5);
    CU_ASSERT_EQUAL(net->span.last_column, 1);
    CU_ASSERT_EQUAL(net->name_span.column, 7);
    CU_ASSERT_EQUAL(net->name_span.last_column, 9);
    CU_ASSERT_EQUAL(chain->kind, AST_CHAIN);
    CU_ASSERT_EQUAL(chain->span.line, 3);
    CU_ASSERT_EQUAL(chain->span.column, 7);
    CU_ASSERT_EQUAL(chain->span.last_line, 4);
    CU_ASSERT_EQUAL(chain->span.last_column, 8);
    arena_free(arena);
}

/* --- Errors --- */

static void test_error_form(void)
{
    char *errors;

    parse("block b(x: f32[n]) {\n\tif n > 2 {\n\t\ty = x -> relu + 1\n\treturn x\n}\n"
          "const c = 1\n");
    errors = print_errors();
    expect_text("form", errors,
                "m.inv:1:20: error: this '{' is never closed\n"
                "    1 | block b(x: f32[n]) {\n"
                "      |                    ^\n"
                "m.inv:5:1: note: or is this '}' meant to close it?\n"
                "    5 | }\n"
                "      | ^\n"
                "m.inv:2:11: note: it closes this '{', indented differently\n"
                "    2 |     if n > 2 {\n"
                "      |              ^\n"
                "m.inv:3:17: error: unexpected '+'; expected a statement or '}'\n"
                "    3 |         y = x -> relu + 1\n"
                "      |                       ^\n"
                "help: only a call or a name follows '->', which binds loosest: "
                "write (x -> f) + y\n");
    free(errors);
    arena_free(arena);
}

static void test_error_declarations(void)
{
    expect_errors("const n 3\n", "1:9: unexpected number 3; expected '='\n");
    expect_errors("const a = 1;\n",
                  "1:12: unexpected ';'; expected a declaration\n"
                  "help: ';' may stand between statements within braces; it is never needed\n");
    expect_errors(" model m(x: f32) {}\n",
                  "1:2: unexpected name 'model'; expected a declaration\n"
                  "help: 'model' opens a declaration in column 1 only\n");
    expect_errors("modle m(x: f32) {}\n",
                  "1:1: unexpected name 'modle'; expected a declaration\n"
                  "help: did you mean 'model'?\n");
    expect_errors("train a with b {}\n", "1:9: unexpected name 'with'; expected 'on'\n"
                  "help: write train MODEL on DATA { ... }\n");
    expect_errors("model m(x: f32[4] y: f32) {}\n",
                  "1:19: unexpected name 'y'; expected '=', ')' or ','\n");
    expect_errors("model m(...) {}\n",
                  "1:9: unexpected '...'; expected a name or ')'\n"
                  "help: '...' stands for leading axes, only in the brackets of a type or an "
                  "index\n");
    expect_errors("include 'a.inv'\n", "1:9: strings are written in double quotes\n"
                  "help: write \"a.inv\"\n");
    expect_errors("const a = 1\n}\n", "2:1: unexpected '}'\nhelp: no '{' is open here\n");
    expect_errors("const a =", "1:10: unexpected end of file; expected an expression\n");
}

static void test_error_brackets(void)
{
    expect_inside("a = f(1, 2\nb = 3\n", "2:6: this '(' is never closed\n");
    expect_inside("a = f(1\n  b)\nc = )",
                  "3:3: unexpected name 'b'; expected ')' or ','\n"
                  "4:5: unexpected ')'\nhelp: no '(' is open here\n");
    expect_inside("a = x[1, 2)\n", "2:11: unexpected ')'; expected ',' or ']'\n"
                  "2:6: note: '[' stands here\n");
    expect_inside("a = (1 + 2\n", "2:5: this '(' is never closed\n");
    expect_errors("block b(x: f32[3] {\n}\n", "1:8: this '(' is never closed\n");
    expect_errors("const a = f(1,\nmodel m(x: f32) {}\n", "1:12: this '(' is never closed\n");
    expect_errors("model m(x: f32) {\n  repeat 3 {\n", "2:12: this '{' is never closed\n");
    expect_inside("}", "3:1: unexpected '}'\nhelp: no '{' is open here\n");
}

static void test_error_statements(void)
{
    expect_inside("a += 3", "2:3: unexpected '+'; expected an expression, '=' or '{'\n"
                  "help: there is no '+='; write x = x + ...\n");
    expect_inside("a == 3", "2:3: unexpected '=='; expected an expression, '=' or '{'\n"
                  "help: a name is bound with '='\n");
    expect_inside("a = = 3", "2:5: unexpected '='; expected an expression\n"
                  "help: one '=' is enough\n");
    expect_inside("if a = b { c = 1 }", "2:6: unexpected '='; expected '{'\n"
                  "help: '=' only binds a name; equality is written '=='\n");
    expect_inside("x[0] = 3", "2:6: unexpected '='; expected a statement, ',', '{' or '}'\n"
                  "help: '=' only binds a name; equality is written '=='\n");
    expect_inside("return", "3:1: unexpected '}'; expected an expression, '=' or '{'\n"
                  "help: one word is no statement: return x, or with parentheses flip()\n");
    expect_inside("else { a = 1 }", "2:1: unexpected 'else'; expected a statement or '}'\n"
                  "help: 'else' stands behind the '}' of an 'if'\n");
    expect_inside("if n { a = 1 } else b = 2", "2:21: unexpected name 'b'; expected 'if' or '{'\n");
    expect_inside("not = 1", "2:1: unexpected 'not'; expected a statement or '}'\n"
                  "help: this word is reserved and cannot be a name\n");
}

static void test_error_expressions(void)
{
    expect_inside("a = x + * 3", "2:9: unexpected '*'; expected an expression\n");
    expect_inside("a = f(a b)", "2:9: unexpected name 'b'; expected '=', ')' or ','\n");
    expect_inside("a = x -> 3", "2:10: unexpected number 3; expected a name\n");
    expect_inside("a = b < c < d", "2:11: unexpected '<'; expected a statement or '}'\n"
                  "help: comparisons do not chain: write a < b and b < c\n");
    expect_inside("a = f(x, lr: 1)", "2:12: unexpected ':'; expected '=', ')' or ','\n"
                  "help: an argument is named with '=': f(x, size = 3)\n");
    expect_inside("a = b as c", "2:7: unexpected 'as'; expected a statement or '}'\n"
                  "help: only a call is named with 'as': f(x) as n\n");
    expect_inside("loss x + y as c", "2:15: only a call can be named with 'as'\n"
                  "help: write it behind the call, within parentheses if need be: "
                  "(f(x) as c) + y\n");
    expect_inside("a = (b, c) + (d = 1)",
                  "2:5: parentheses hold one expression\n"
                  "help: a list is written [a, b], a call f(a, b) with the name of a block\n"
                  "2:14: parentheses hold one expression\n"
                  "help: a list is written [a, b], a call f(a, b) with the name of a block\n");
    expect_inside("a = b % c", "2:7: there is no operator '%'\n"
                  "help: a percentage is written without a blank: 70%\n");
    expect_inside("a = b ** c && d || !e",
                  "2:7: there is no operator '**'\nhelp: write '^'\n"
                  "2:12: there is no operator '&&'\nhelp: write 'and'\n"
                  "2:17: there is no operator '||'\nhelp: write 'or'\n"
                  "2:20: there is no operator '!'\nhelp: write 'not'\n");
    expect_inside("a = b ? c : d", "2:7: unexpected character '?'\n"
                  "help: there is no '?:'; write select(condition, a, b), or 'if' for constants\n");
}

static void test_error_words(void)
{
    static const char nul[] = "const a = \0 1 # \0\nconst b = \"\0\"\n";

    expect_errors("const a = \"abc\nconst b = \"\\q\"\n",
                  "1:11: this string is not closed on its line\n"
                  "help: strings stand between two \" on one line\n"
                  "2:12: unknown escape '\\q'\nhelp: the escapes are \\\" \\\\ \\n \\t\n");
    expect_inside("a = .5 + 5. + 5x + 1.5K + 70%x",
                  "2:5: malformed number '.5'\nhelp: write 0.5\n"
                  "2:10: malformed number '5.'\n"
                  "help: numbers are written 12, 0.5, 1e-3, 70% or 192K\n"
                  "2:15: malformed number '5x'\n"
                  "help: numbers are written 12, 0.5, 1e-3, 70% or 192K\n"
                  "2:20: malformed number '1.5K'\n"
                  "help: numbers are written 12, 0.5, 1e-3, 70% or 192K\n"
                  "2:27: malformed number '70%x'\n"
                  "help: numbers are written 12, 0.5, 1e-3, 70% or 192K\n");
    expect_inside("a = 1e999 + 9007199254740994",
                  "2:5: this number is out of range\n"
                  "2:13: whole numbers go up to 9007199254740992 (2^53)\n");
    expect_inside("a = \xE2\x80\x9Cx\xE2\x80\x9D\nb = \xC3\xA9\nc = \xFF",
                  "2:5: unexpected character '\xE2\x80\x9C'\nhelp: write \"\n"
                  "3:5: unexpected character '\xC3\xA9'\n"
                  "help: names are made of the letters A-Z and a-z, digits and '_'\n"
                  "4:5: this is not UTF-8 (byte 0xFF)\nhelp: save the file as UTF-8\n");
    expect_inside("# \xC3\xA9 \xFF\na = \"\xC3\xA9\"", "");
    expect_inside("// don't\na = 1 /* b */", "2:1: '//' does not open a comment\n"
                  "help: comments begin with '#'\n"
                  "3:7: '/*' does not open a comment\nhelp: comments begin with '#'\n");
    expect_bytes(nul, sizeof nul - 1,
                 "1:11: unexpected byte 0x00\nhelp: a model file is plain text\n"
                 "1:15: a NUL byte in a comment\n2:12: a NUL byte in a string\n");
    expect_bytes("\xFF\xFE" "a", 3, "1:1: this file is UTF-16; save it as UTF-8\n");
}

/* Every statement's error, and none that follows from another. */
static void test_error_all_at_once(void)
{
    expect_errors("model m(x: f32[4]) {\n"
                  "  a = x -> dense(16 -> relu\n"
                  "  b = x + * 3\n"
                  "  c = x -> relu\n"
                  "  if c = 1 {\n"
                  "    d = ((\n"
                  "  } else { d = 2 }\n"
                  "  e = f(1,\n"
                  "        2 3,\n"
                  "        4)\n"
                  "  f = 5x\n"
                  "  g = x ? 2\n"
                  "  h = [1, 2\n"
                  "}\n"
                  "train m on d { seed 1 epochs = }\n"
                  "block ok(x: f32[...]) { return x }\n"
                  "tran m on d { seed }\n",
                  "2:17: this '(' is never closed\n"
                  "3:11: unexpected '*'; expected an expression\n"
                  "5:8: unexpected '='; expected '{'\n"
                  "help: '=' only binds a name; equality is written '=='\n"
                  "9:11: unexpected number 3; expected ')' or ','\n"
                  "11:7: malformed number '5x'\n"
                  "help: numbers are written 12, 0.5, 1e-3, 70% or 192K\n"
                  "12:9: unexpected character '?'\n"
                  "help: there is no '?:'; write select(condition, a, b), or 'if' for constants\n"
                  "13:7: this '[' is never closed\n"
                  "15:32: unexpected '}'; expected an expression\n"
                  "17:1: unexpected name 'tran'; expected a declaration\n"
                  "help: did you mean 'train'?\n");
}

static void expect_deep(const char *before, const char *part, int times, const char *after)
{
    size_t part_size = strlen(part);
    char *source = calloc(1, strlen(before) + part_size * (size_t)times + strlen(after) + 1);
    char *end = source + strlen(strcpy(source, before)), *errors;

    for (int i = 0; i < times; i++, end += part_size)
        memcpy(end, part, part_size);
    strcpy(end, after);
    CU_ASSERT_PTR_NOT_NULL(parse(source));
    errors = print_errors();
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "error: nested too deeply\n"));
    CU_ASSERT_EQUAL(diags_error_count(diags), 1);
    free(errors);
    free(source);
    arena_free(arena);
}

static void test_error_deep(void)
{
    expect_deep("const a = ", "(", 100000, "1");
    expect_deep("const a = ", "[", 201, "");
    expect_deep("const a = ", "-", 100000, "1");
    expect_deep("const a = ", "-", 600, "1");
    expect_deep("const a = 1", " + 1", 100000, "");
    expect_deep("const a = x", " -> f", 600, "");
    expect_deep("block b() { ", "if 1 {} else ", 600, "{} }");
    expect_deep("block b() { ", "if 1 {} else ", 100000, "{} }");
    expect_deep("block b() ", "{ repeat 3 ", 1000, "{");
    expect_errors("const a = 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + ((((((((1))))))))", "");
}

/* Binary garbage: errors, no crash; one an odd line is enough. */
static void test_error_garbage(void)
{
    static char bytes[20000];
    unsigned x = 1;
    char *errors;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    parse_bytes(bytes, sizeof bytes);
    errors = print_errors();
    CU_ASSERT_TRUE(diags_error_count(diags) > 0);
    free(errors);
    arena_free(arena);
}

/* --- The model files of the repository --- */

static void test_files(void)
{
    glob_t found;

    if (glob("compiler/library/*.inv", 0, NULL, &found)
        || glob("examples/*/*.inv", GLOB_APPEND, NULL, &found)) {
        CU_FAIL("no model files here: run this test in the root of the repository");
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *f = fopen(found.gl_pathv[i], "rb");
        static char text[1 << 16];
        size_t size = f ? fread(text, 1, sizeof text, f) : 0;
        char *errors;
        parse_bytes(text, size);
        errors = print_errors();
        CU_ASSERT_TRUE(size > 0);
        expect_text(found.gl_pathv[i], errors, "");
        free(errors);
        arena_free(arena);
        if (f)
            fclose(f);
    }
    globfree(&found);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failed;

    CU_initialize_registry();
    suite = CU_add_suite("grammar", NULL, NULL);
    CU_ADD_TEST(suite, test_tree_declarations);
    CU_ADD_TEST(suite, test_tree_types);
    CU_ADD_TEST(suite, test_tree_statements);
    CU_ADD_TEST(suite, test_tree_control);
    CU_ADD_TEST(suite, test_precedence);
    CU_ADD_TEST(suite, test_numbers);
    CU_ADD_TEST(suite, test_words);
    CU_ADD_TEST(suite, test_layouts);
    CU_ADD_TEST(suite, test_spans);
    CU_ADD_TEST(suite, test_error_form);
    CU_ADD_TEST(suite, test_error_declarations);
    CU_ADD_TEST(suite, test_error_brackets);
    CU_ADD_TEST(suite, test_error_statements);
    CU_ADD_TEST(suite, test_error_expressions);
    CU_ADD_TEST(suite, test_error_words);
    CU_ADD_TEST(suite, test_error_all_at_once);
    CU_ADD_TEST(suite, test_error_deep);
    CU_ADD_TEST(suite, test_error_garbage);
    CU_ADD_TEST(suite, test_files);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
