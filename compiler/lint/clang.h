/* libclang, loaded when it is first wanted: a compiler that was built with `invar lint` starts as
 * fast as one without, and runs where libclang is not. */
#ifndef INVAR_LINT_CLANG_H
#define INVAR_LINT_CLANG_H
#include <clang-c/Index.h>
#include <stdbool.h>

/* The functions of libclang that are used. */
#define CLANG_FUNCTIONS(X)                                                                       \
    X(createIndex) X(disposeIndex) X(parseTranslationUnit2) X(disposeTranslationUnit)            \
    X(getNumDiagnostics) X(getDiagnostic) X(disposeDiagnostic) X(getDiagnosticSeverity)          \
    X(getDiagnosticSpelling) X(getDiagnosticLocation) X(getDiagnosticOption)                     \
    X(getCString) X(disposeString) X(getTranslationUnitCursor) X(visitChildren)                  \
    X(getCursorKind) X(getCursorLocation) X(getCursorExtent) X(getCursorSpelling)                \
    X(getCursorType) X(getCursorResultType) X(getCursorReferenced) X(getCursorDefinition)        \
    X(Cursor_getStorageClass) X(Cursor_isNull) X(equalCursors)                                   \
    X(Cursor_getNumArguments) X(Cursor_getArgument) X(Cursor_getVarDeclInitializer)              \
    X(getCanonicalType) X(getPointeeType) X(getArrayElementType) X(getElementType)               \
    X(Type_getValueType) X(getTypeDeclaration) X(getNumArgTypes) X(getArgType)                   \
    X(getResultType) X(isConstQualifiedType) X(getFileLocation)              \
    X(getFileName) X(getLocationForOffset)                                                       \
    X(getRange) X(getRangeStart) X(getRangeEnd) X(Location_isInSystemHeader)                     \
    X(getInclusions) X(getSkippedRanges) X(disposeSourceRangeList) X(tokenize)                   \
    X(disposeTokens) X(getTokenKind) X(getTokenSpelling) X(getTokenExtent)                   \
    X(Cursor_Evaluate) X(EvalResult_getKind) X(EvalResult_getAsLongLong) X(EvalResult_dispose)

struct clang {
#define X(name) __typeof__(clang_##name) *name;
    CLANG_FUNCTIONS(X)
#undef X
};

extern struct clang clang;

/* False, with a message of what to install, where libclang cannot be loaded. */
bool clang_load(void);

#endif
