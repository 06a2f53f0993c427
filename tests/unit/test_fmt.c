/* The canonical layout.  Runs in the root of the repository. */
#include "language/ast.h"
#include <CUnit/Basic.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

/* The layout of a source without errors, and its tree. */
static struct text format(struct arena *a, const char *source, size_t size, struct text *tree)
{
    struct diags *diags = diags_new(a);
    int id = diags_add_source(diags, "m.inv", source, size, false);
    struct ast *file = ast_parse(a, diags, id);
    struct text out;

    diags_print(diags, stderr);
    CU_ASSERT_EQUAL(diags_error_count(diags), 0);
    text_init(tree, a);
    ast_dump(file, tree);
    text_init(&out, a);
    text_add(&out, "", 0);
    ast_format(a, diags, id, file, &out);
    return out;
}

static void expect_same(const char *what, const struct text *got, const char *expected)
{
    if (strcmp(got->data, expected))
        fprintf(stderr, "\n--- %s: expected\n%s--- got\n%s---\n", what, expected, got->data);
    CU_ASSERT_STRING_EQUAL(got->data, expected);
}

static void expect(const char *source, const char *expected)
{
    struct arena *a = arena_new();
    struct text tree, again, once = format(a, source, strlen(source), &tree);
    struct text twice = format(a, once.data, once.size, &again);

    expect_same("layout", &once, expected);
    expect_same("layout of the layout", &twice, once.data);
    expect_same("tree of the layout", &again, tree.data);
    arena_free(a);
}

static void test_blanks(void)
{
    expect("const  a=b+c*-d^ 2-( e@f )\n", "const a = b + c * -d ^ 2 - (e @ f)\n");
    expect("const a = f ( x,n=3 , ) [ ... , 0 .. -2 ] . w\n",
           "const a = f(x, n = 3,)[..., 0..-2].w\n");
    expect("const a = not b==c or - - d<e and[ 1,2 ]!=( f )\n",
           "const a = not b == c or --d < e and [1, 2] != (f)\n");
    expect("block b( x:f32[ ...,n ],p:same|valid=same){}\n",
           "block b(x: f32[..., n], p: same | valid = same) {}\n");
    expect("const a = 1 .x\n", "const a = 1 .x\n");
    expect("const a = x->f( 3 )as n->g\n", "const a = x -> f(3) as n -> g\n");
    expect("", "");
    expect(" \n\n", "");
}

static void test_statements(void)
{
    expect("train m on d { seed 42  epochs 20; batch 32\noptimizer adam( lr=1e-3 ) }",
           "train m on d {\n"
           "  seed 42\n"
           "  epochs 20\n"
           "  batch 32\n"
           "  optimizer adam(lr = 1e-3)\n"
           "}\n");
    expect("data d = csv(\"a\"){\n\taugment x { rotate (0.1) shift( 1 , axis=0 ) }\n\r\n\r\n\r\n"
           "split train 70%,val 30%\n}",
           "data d = csv(\"a\") {\n"
           "  augment x {\n"
           "    rotate(0.1)\n"
           "    shift(1, axis = 0)\n"
           "  }\n"
           "\n"
           "  split train 70%, val 30%\n"
           "}\n");
    expect("block b(x: f32) { if a{ y=1 } else if c { y = 2 } else  { y = 3 }\n return (y) }",
           "block b(x: f32) {\n"
           "  if a { y = 1 } else if c { y = 2 } else { y = 3 }\n"
           "  return (y)\n"
           "}\n");
    expect("block b(x: f32) { if a{ y=1 }\nelse { y = 3 } if a { y = 1 } else { y = 1 z = 2 } }",
           "block b(x: f32) {\n"
           "  if a {\n    y = 1\n  } else {\n    y = 3\n  }\n"
           "  if a {\n    y = 1\n  } else {\n    y = 1\n    z = 2\n  }\n"
           "}\n");
    expect("block b(x: f32) { repeat 3 as s {\n x, y = f(x) } return -x }",
           "block b(x: f32) {\n"
           "  repeat 3 as s {\n"
           "    x, y = f(x)\n"
           "  }\n"
           "  return -x\n"
           "}\n");
}

static void test_bodies(void)
{
    expect("block relu(x: f32) { return max(x,0) }\n", "block relu(x: f32) { return max(x, 0) }\n");
    expect("block relu(x: f32) {\nreturn x }\n", "block relu(x: f32) {\n  return x\n}\n");
    expect("block relu(x: f32) { y = x return y }\n",
           "block relu(x: f32) {\n  y = x\n  return y\n}\n");
    expect("block b() { if n { return x } }", "block b() {\n  if n { return x }\n}\n");
    expect("model m() {\n\n}\n", "model m() {}\n");
    expect("model m() {\n  # to be written\n}\n", "model m() {\n  # to be written\n}\n");
}

static void test_comments(void)
{
    expect("#head  \n\n\n\n# two\nconst a = 1   # one\n\n# tail",
           "#head\n\n# two\nconst a = 1  # one\n\n# tail\n");
    expect("block b(x: f32) { # what it does\n\n  # first\n\n\n  # second\n  y = x # third\n"
           "  # last\n\n}\n",
           "block b(x: f32) {  # what it does\n"
           "  # first\n"
           "\n"
           "  # second\n"
           "  y = x  # third\n"
           "  # last\n"
           "}\n");
    expect("const a = f(b, # first\n  # second\n  c) # third\n",
           "const a = f(b,  # first\n"
           "            # second\n"
           "            c)  # third\n");
    expect("block b() {\n  if n { x = 1 } # yes\n  else { x = 2 }\n}\n",
           "block b() {\n"
           "  if n {\n"
           "    x = 1\n"
           "  }  # yes\n"
           "  else {\n"
           "    x = 2\n"
           "  }\n"
           "}\n");
    expect("const a = x # start\n -> f # then\n -> g\n",
           "const a = x  # start\n"
           "    -> f  # then\n"
           "    -> g\n");
}

static void test_long_lines(void)
{
    expect("model m(x: f32[8, 8, 1]) {\n"
           "logits = x -> conv2d(16, 3, pad = same) -> relu -> max_pool(2) -> flatten -> dense(64) "
           "-> relu -> dropout(0.2) -> dense(10)\n}\n",
           "model m(x: f32[8, 8, 1]) {\n"
           "  logits = x -> conv2d(16, 3, pad = same) -> relu -> max_pool(2) -> flatten -> "
           "dense(64) "
           "-> relu\n"
           "             -> dropout(0.2) -> dense(10)\n"
           "}\n");
    expect("block adamw(w: f32[...], g: f32[...], lr: f32 = 1e-3, b1: f32 = 0.9, b2: f32 = 0.999, "
           "eps: f32 = 1e-8, decay: f32 = 0) { return w }\n",
           "block adamw(w: f32[...], g: f32[...], lr: f32 = 1e-3, b1: f32 = 0.9, b2: f32 = 0.999,\n"
           "            eps: f32 = 1e-8, decay: f32 = 0) { return w }\n");
    expect("block b() {\n"
           "hole = rows_of_the_image >= top and rows_of_the_image < top + size and columns >= left "
           "and columns < left + size\n}\n",
           "block b() {\n"
           "  hole = rows_of_the_image >= top and rows_of_the_image < top + size and columns >= "
           "left"
           "\n      and columns < left + size\n"
           "}\n");
    expect("block b() { for \"a_long_pattern/of_parameters/**\", "
           "\"another_pattern/of_params/*/w\", "
           "\"b\" { decay = 0.000000001 } }\n",
           "block b() {\n"
           "  for \"a_long_pattern/of_parameters/**\", \"another_pattern/of_params/*/w\", \"b\" {\n"
           "    decay = 0.000000001\n"
           "  }\n"
           "}\n");
}

/* Branches stay on one line together or not at all. */
static void test_long_branches(void)
{
    expect("block b() {\n"
           "if a_condition { y = the_first_value + 1 } else { y = "
           "the_second_value_with_a_long_name "
           "+ 22222222 }\n}\n",
           "block b() {\n"
           "  if a_condition {\n"
           "    y = the_first_value + 1\n"
           "  } else {\n"
           "    y = the_second_value_with_a_long_name + 22222222\n"
           "  }\n"
           "}\n");
}

static void test_column_one(void)
{
    expect("const a = # c\n  data\nconst b = [ # c\n model]\n",
           "const a =  # c\n    data\nconst b = [  # c\n           model]\n");
}

static void test_files(void)
{
    glob_t found;

    if (glob("compiler/library/*.inv", 0, NULL, &found)
        || glob("examples/*/*.inv", GLOB_APPEND, NULL, &found)) {
        CU_FAIL("no model files here: run this test in the root of the repository");
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct arena *a = arena_new();
        FILE *f = fopen(found.gl_pathv[i], "rb");
        static char source[1 << 16];
        size_t size = f ? fread(source, 1, sizeof source, f) : 0;
        struct text tree, again, once = format(a, source, size, &tree);
        struct text twice = format(a, once.data, once.size, &again);
        CU_ASSERT_TRUE(once.size > 100);
        expect_same(found.gl_pathv[i], &twice, once.data);
        expect_same(found.gl_pathv[i], &again, tree.data);
        arena_free(a);
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
    suite = CU_add_suite("fmt", NULL, NULL);
    CU_ADD_TEST(suite, test_blanks);
    CU_ADD_TEST(suite, test_statements);
    CU_ADD_TEST(suite, test_bodies);
    CU_ADD_TEST(suite, test_comments);
    CU_ADD_TEST(suite, test_long_lines);
    CU_ADD_TEST(suite, test_long_branches);
    CU_ADD_TEST(suite, test_column_one);
    CU_ADD_TEST(suite, test_files);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
