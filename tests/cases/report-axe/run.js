document.querySelectorAll('details').forEach(details => details.open = true);
document.title = 'unfinished';
axe.run().then(result => {
  const finding = found => found.id + ': ' + found.nodes.map(node => node.target).join(' ');
  document.title = result.violations.map(finding).join('; ') || 'none';
}, error => document.title = error.message);
