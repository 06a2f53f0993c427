// Starts `invar lsp`; all else is the server's.
'use strict';
const vscode = require('vscode');

let client;

exports.activate = async function () {
  let language;
  try {
    language = require('vscode-languageclient/node');
  } catch (error) {
    vscode.window.showWarningMessage(
      'Invar: files are coloured only; for errors and completion run npm install in the extension');
    return;
  }
  const command = vscode.workspace.getConfiguration('invar').get('path');
  const run = { command, args: ['lsp'] };
  client = new language.LanguageClient('invar', 'Invar', { run, debug: run }, {
    documentSelector: [{ language: 'invar' }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.inv') },
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `Invar: cannot start '${command} lsp': set invar.path to the compiler. ${error.message}`);
  }
};

exports.deactivate = () => client && client.stop();
