    ${memory}

${body}
