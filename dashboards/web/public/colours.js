// Before the first paint, so that nothing flashes: the colours that the reader chose, if any.
const chosen = localStorage.getItem('adtally-theme');
if (chosen !== null) document.documentElement.dataset.theme = chosen;
