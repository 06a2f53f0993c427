" Vim syntax file: model files of Invar.  Its words are held against `invar lsp --words` by a test.
if exists('b:current_syntax')
  finish
endif

syn match invarName "\h\w*\ze\s*("
syn keyword invarKeyword and as by else if not or
syn match invarValue "\<\%(balanced\|epoch\|false\|fan_in\|fan_out\|inf\|none\|pi\|rows\|shape\|step\|steps\|training\|true\|updates\)\>"
syn match invarOperator "\<\%(abs\|argmax\|argsort\|broadcast\|bytes\|chars\|column\|columns\|concat\|contract\|contract_transposed\|cos\|cumprod\|cumsum\|day_of_year\|days\|dims\|elements\|erf\|exp\|exp2\|expm1\|floor\|gather\|generate\|global_norm\|higher_is_better\|image\|last\|log\|log1p\|log2\|made_by\|max\|mean\|min\|missing\|month\|neighbour\|one_hot\|pick\|position\|random_integer\|random_keep\|random_normal\|random_permutation\|random_truncated_normal\|random_uniform\|recurrence\|reshape\|rsqrt\|scan\|scatter_add\|seconds_of_day\|segment_argmax\|segment_sum\|select\|sigmoid\|sign\|sin\|sound\|split\|sqrt\|square\|stop_gradient\|sum\|take\|take_along\|tanh\|to_float\|to_int\|tokens\|transpose\|unscale\|weekday\|window\|year\)\>\ze\s*("
syn match invarSource "\<\%(cifar10\|cifar100\|csv\|idx\|images\|lines\|npy\|npz\|random\|raw_f32\|raw_u8\|safetensors\|sounds\|synthetic\|text\|tokens_u16\|tokens_u32\|tokens_u8\)\>\ze\s*("
syn match invarType "[:|]\s*\zs\%(bool\|class\|f32\|int\|ints\|layer\)\>"
syn match invarHead "\%(^\|[{};]\)\s*\zs\%(accumulate\|augment\|average\|batch\|better\|buffer\|carry\|drop_last\|epochs\|flash\|for\|group\|input\|keep\|label\|let\|loss\|metric\|optimizer\|order\|output\|param\|part\|patience\|ram\|recompute\|repeat\|require\|return\|seed\|shards\|shuffle\|split\|state\|steps\|stride\|warn\|weight\)\>\ze\%(\s*[=,(]\)\@!"
syn match invarItem "^\%(block\|const\|data\|include\|invar\|model\|operator\|target\|train\)\>"
syn match invarSign "->\|==\|!=\|<=\|>=\|\.\.\.\?\|[-+*/@^<>=|]"
syn match invarNumber "\<\d\+\%(\.\d\+\)\?\%([eE][-+]\?\d\+\)\?[KMG%]\?"
syn match invarEscape "\\." contained
syn region invarString start=+"+ skip=+\\.+ end=+"\|$+ contains=invarEscape
syn keyword invarTodo TODO FIXME contained
syn match invarComment "#.*$" contains=invarTodo,@Spell

hi def link invarName Function
hi def link invarKeyword Conditional
hi def link invarValue Constant
hi def link invarOperator Special
hi def link invarSource Special
hi def link invarType Type
hi def link invarHead Statement
hi def link invarItem Keyword
hi def link invarSign Operator
hi def link invarNumber Number
hi def link invarEscape SpecialChar
hi def link invarString String
hi def link invarTodo Todo
hi def link invarComment Comment

let b:current_syntax = 'invar'
