
${body}
