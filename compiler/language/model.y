/* Grammar of the Invar model language.  Actions only build the tree (compiler/language/ast.h); which
 * heads, keys and types exist is checked later, from tables.
 * No line end or semicolon is needed: every statement starts with a word, and no expression
 * goes on with a word or a brace. */
%code requires {
#include "language/parse.h"
typedef void *yyscan_t;
}
%code {
static void yyerror(const struct span *, yyscan_t, struct parse *, const char *text);
#undef yylex
#define yylex(value, place, scanner) parse_next_token(p, value, place, scanner)

/* From the first symbol to the last; an empty rule lies on what precedes it. */
#define YYLLOC_DEFAULT(whole, part, n) \
    ((whole) = (n) ? parse_join(YYRHSLOC(part, 1), YYRHSLOC(part, n)) : YYRHSLOC(part, 0))
/* A node; a node with a name in the source; kids follow. */
#define KIDS(...) (struct ast *[]){__VA_ARGS__ __VA_OPT__(,) parse_no_more}
#define NODE(kind, at, ...) parse_node(p, AST_##kind, NULL, at, at, KIDS(__VA_ARGS__))
#define NAMED_NODE(kind, at, text, place, ...) \
    parse_node(p, AST_##kind, text, at, place, KIDS(__VA_ARGS__))
#define APPEND(list, kid, at) parse_append(p, list, kid, at)
}
%define api.pure full
%define api.prefix {model_}
%define api.value.type {union parse_value}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%initial-action { @$ = p->last; }
%param {yyscan_t scanner}
%parse-param {struct parse *p}
%expect 0

%token IF "if" ELSE "else" AS "as" BY "by" AND "and" OR "or" NOT "not"
%token INVAR "invar" INCLUDE "include" CONST "const" DATA "data" MODEL "model"
%token BLOCK "block" TRAIN "train" TARGET "target" OPERATOR "operator"
%token ARROW "->" ELLIPSIS "..." RANGE ".." EQ "==" NE "!=" LE "<=" GE ">="
%token <text> NAME "name" STRING "string"
%token <node> NUMBER "number"
%token END 0 "end of file"

%type <node> item formals formal_list formal default type dims list elements element words
%type <node> body maybe_body statements statement otherwise names operands operand
%type <text> site
%type <node> expr link callee term postfix call atom arguments argument_list argument

%precedence UNNAMED                     /* "f(x) as n": the name belongs to the call */
%precedence AS
%left OR
%left AND
%precedence NOT
%nonassoc EQ NE '<' '>' LE GE
%nonassoc RANGE
%left '+' '-'
%left '*' '/' '@'
%precedence MINUS
%right '^'

%%
file: %empty
  | file item                           { APPEND(p->file, $item, @$); }
  | file error                          { APPEND(p->file, NODE(ERROR, @error), @$); }

item: INVAR NUMBER                      { $$ = NAMED_NODE(INVAR, @$, $2->text, @2); }
  | INCLUDE STRING                      { $$ = NAMED_NODE(INCLUDE, @$, $2, @2); }
  | CONST NAME '=' expr                 { $$ = NAMED_NODE(CONST, @$, $2, @2, $4); }
  | DATA NAME '=' expr body             { $$ = NAMED_NODE(DATA, @$, $2, @2, $4, $5); }
  | DATA NAME body                      { $$ = NAMED_NODE(DATA, @$, $2, @2, NULL, $3); }
  | MODEL NAME '(' formals ')' body     { $$ = NAMED_NODE(MODEL, @$, $2, @2, $4, $6); }
  | BLOCK NAME '(' formals ')' body     { $$ = NAMED_NODE(BLOCK, @$, $2, @2, $4, $6); }
  | OPERATOR NAME '(' formals ')' ARROW type '=' expr[source]  {
        $$ = NAMED_NODE(OPERATOR, @$, $2, @2, $formals, $source, $type);
    }
  | TRAIN NAME NAME[on] NAME[set] body  {
        $$ = NAMED_NODE(TRAIN, @$, $2, @2, NAMED_NODE(NAME, @set, $set, @set), $5);
        parse_expect_on(p, $on, @on);
    }
  | TARGET NAME body                    { $$ = NAMED_NODE(TARGET, @$, $2, @2, $3); }

formals: %empty                         { $$ = NODE(FORMALS, @$); }
  | formal_list
  | formal_list ','
formal_list: formal                     { $$ = NODE(FORMALS, @$, $1); }
  | formal_list ',' formal              { $$ = APPEND($1, $3, @$); }
formal: NAME ':' type default           { $$ = NAMED_NODE(FORMAL, @$, $1, @1, $3, $4); }
default: %empty                         { $$ = NULL; }
  | '=' expr                            { $$ = $2; }

type: NAME                              { $$ = NAMED_NODE(TYPE, @$, $1, @1, NULL); }
  | NAME '[' dims ']'                   { $$ = NAMED_NODE(TYPE, @$, $1, @1, $3); }
  | words
words: NAME[a] '|' NAME[b]              {
        $$ = NODE(ONE_OF, @$, NAMED_NODE(WORD, @a, $a, @a), NAMED_NODE(WORD, @b, $b, @b));
    }
  | words '|' NAME                      { $$ = APPEND($1, NAMED_NODE(WORD, @3, $3, @3), @$); }
dims: %empty                            { $$ = NODE(DIMS, @$); }
  | elements                            { $$ = $1; $$->kind = AST_DIMS; }

body: '{' statements '}'                { $$ = $2; $$->span = @$; }
maybe_body: %empty                      { $$ = NULL; }
  | body

statements: %empty                      { $$ = NODE(BODY, @$); }
  | statements statement                { $$ = APPEND($1, $2, @$); }
  | statements ';'
  | statements error                    {
        $$ = APPEND($1, NODE(ERROR, @error), @$);
        enum resume resume = parse_resume(p, yychar);
        if (resume == RESUME_LATER)
            yyclearin;
        if (resume != RESUME_NOT)
            yyerrok;
    }

statement: names '=' expr               { $$ = NODE(BIND, @$, $1, $3); }
  | NAME[head] NAME[n] ':' type default maybe_body  {
        $$ = NAMED_NODE(DECLARE, @$, $head, @head, NAMED_NODE(NAME, @n, $n, @n), $type, $default,
                        $maybe_body);
    }
  | NAME[head] NAME[n] '=' expr maybe_body  {
        $$ = NAMED_NODE(DECLARE, @$, $head, @head, NAMED_NODE(NAME, @n, $n, @n), NULL, $expr,
                        $maybe_body);
    }
  | NAME operands maybe_body            { $$ = NAMED_NODE(STATEMENT, @$, $1, @1, $2, $3); }
  | NAME operands BY expr maybe_body    {
        $$ = NAMED_NODE(STATEMENT, @$, $1, @1, $2, $maybe_body, $expr);
    }
  | NAME BY expr maybe_body             {
        $$ = NAMED_NODE(STATEMENT, @$, $1, @1, NULL, $maybe_body, $expr);
    }
  | NAME body                           { $$ = NAMED_NODE(STATEMENT, @$, $1, @1, NULL, $2); }
  | IF expr body otherwise              { $$ = NODE(IF, @$, $2, $3, $4); }
otherwise: %empty                       { $$ = NULL; }
  | ELSE body                           { $$ = $2; }
  | ELSE IF expr body otherwise[rest]   {
        $$ = NODE(IF, parse_join(@IF, @$), $3, $4, $rest);
    }

names: NAME                             { $$ = NODE(NAMES, @$, NAMED_NODE(NAME, @1, $1, @1)); }
  | names ',' NAME                      { $$ = APPEND($1, NAMED_NODE(NAME, @3, $3, @3), @$); }

operands: operand                       { $$ = NODE(OPERANDS, @$, $1); }
  | operands ',' operand                { $$ = APPEND($1, $3, @$); }
operand: expr
  | expr AS site                        { $$ = NAMED_NODE(AS, @$, $3, @3, $1); }
  | NAME NUMBER                         { $$ = NAMED_NODE(SHARE, @$, $1, @1, $2); }

/* The arrow is the loosest; a call or a name follows, so "x -> f + y" is an error. */
expr: term
  | expr ARROW link %prec UNNAMED       { $$ = NODE(CHAIN, @$, $1, $3); }
  | expr ARROW link AS site             {
        $$ = NODE(CHAIN, @$, $1, NAMED_NODE(AS, parse_join(@link, @site), $site, @site, $link));
    }
site: NAME
  | STRING                              { $$ = parse_path(p, @1, $1); }
link: NAME                              { $$ = NAMED_NODE(NAME, @$, $1, @1); }
  | callee '(' arguments ')'            { $$ = NODE(CALL, @$, $1, $3); }
callee: NAME                            { $$ = NAMED_NODE(NAME, @$, $1, @1); }
  | callee '.' NAME                     { $$ = NAMED_NODE(MEMBER, @$, $3, @3, $1); }

term: postfix
  | call AS site                        { $$ = NAMED_NODE(AS, @$, $3, @3, $1); }
  | term OR term                        { $$ = NODE(OR, @$, $1, $3); }
  | term AND term                       { $$ = NODE(AND, @$, $1, $3); }
  | NOT term                            { $$ = NODE(NOT, @$, $2); }
  | term EQ term                        { $$ = NODE(EQ, @$, $1, $3); }
  | term NE term                        { $$ = NODE(NE, @$, $1, $3); }
  | term '<' term                       { $$ = NODE(LT, @$, $1, $3); }
  | term '>' term                       { $$ = NODE(GT, @$, $1, $3); }
  | term LE term                        { $$ = NODE(LE, @$, $1, $3); }
  | term GE term                        { $$ = NODE(GE, @$, $1, $3); }
  | term RANGE term                     { $$ = NODE(RANGE, @$, $1, $3); }
  | term '+' term                       { $$ = NODE(ADD, @$, $1, $3); }
  | term '-' term                       { $$ = NODE(SUB, @$, $1, $3); }
  | term '*' term                       { $$ = NODE(MUL, @$, $1, $3); }
  | term '/' term                       { $$ = NODE(DIV, @$, $1, $3); }
  | term '@' term                       { $$ = NODE(MATMUL, @$, $1, $3); }
  | '-' term %prec MINUS                { $$ = NODE(NEG, @$, $2); }
  | term '^' term                       { $$ = NODE(POW, @$, $1, $3); }

postfix: atom
  | call %prec UNNAMED
  | postfix '[' elements ']'            { $$ = NODE(INDEX, @$, $1, $3); }
  | postfix '.' NAME                    { $$ = NAMED_NODE(MEMBER, @$, $3, @3, $1); }
call: postfix '(' arguments ')'         { $$ = NODE(CALL, @$, $1, $3); }

atom: NAME                              { $$ = NAMED_NODE(NAME, @$, $1, @1); }
  | NUMBER
  | STRING                              { $$ = NAMED_NODE(STRING, @$, $1, @1); }
  | '(' arguments ')'                   { $$ = $2; $$->kind = AST_PARENS; $$->span = @$; }
  | '[' list ']'                        { $$ = $2; $$->kind = AST_LIST; $$->span = @$; }

arguments: %empty                       { $$ = NODE(ARGUMENTS, @$); }
  | argument_list
  | argument_list ','
argument_list: argument                 { $$ = NODE(ARGUMENTS, @$, $1); }
  | argument_list ',' argument          { $$ = APPEND($1, $3, @$); }
argument: expr
  | NAME '=' expr                       { $$ = NAMED_NODE(NAMED, @$, $1, @1, $3); }

list: %empty                            { $$ = NODE(LIST, @$); }
  | elements
  | elements ','
elements: element                       { $$ = NODE(ELEMENTS, @$, $1); }
  | elements ',' element                { $$ = APPEND($1, $3, @$); }
element: expr
  | ELLIPSIS                            { $$ = NODE(ELLIPSIS, @$); }

%%
static int yyreport_syntax_error(const yypcontext_t *context, yyscan_t scanner, struct parse *p)
{
    yysymbol_kind_t symbol[YYNTOKENS];
    const char *expected[YYNTOKENS + 1];
    int n = yypcontext_expected_tokens(context, symbol, YYNTOKENS);

    (void)scanner;
    for (int i = 0; i < n; i++)
        expected[i] = yysymbol_name(symbol[i]);
    expected[n > 0 ? n : 0] = NULL;
    parse_report_unexpected(p, *yypcontext_location(context),
                            yysymbol_name(yypcontext_token(context)), expected);
    return 0;
}

/* Called by the parser where its stack is full; everything else is reported above. */
static void yyerror(const struct span *place, yyscan_t scanner, struct parse *p, const char *text)
{
    (void)scanner;
    (void)text;
    parse_report_deep(p, *place);
}
