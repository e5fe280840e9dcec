// Text that the server takes: it is UTF-8 there, so halves of characters have no place in it.

const HALVES = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** `text` with a replacement character for each half of one. */
export function wellFormed(text: string): string {
  return text.replace(HALVES, '\uFFFD');
}

/** `text` in pieces of at most `lengthMax`, cut between characters; an empty text is one piece. */
export function pieces(text: string, lengthMax: number): string[] {
  const out: string[] = [];
  for (let from = 0; from < text.length; ) {
    let end = Math.min(text.length, from + lengthMax);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff && end - from > 1) end--;
    out.push(text.slice(from, end));
    from = end;
  }
  return out.length === 0 ? [''] : out;
}
