/** The server's events. The browser connects again by itself, unless it was refused; then this does. */

const AGAIN_MILLIS = 3000;

export function listen(onUpdate, onOffline) {
  let source;

  function connect() {
    source?.close();
    source = new EventSource('api/stream');
    source.onmessage = event => {
      onOffline(false);
      onUpdate(JSON.parse(event.data));
    };
    source.onerror = () => {
      onOffline(true);
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MILLIS);
    };
  }

  // a page that was left is kept by the browser, to be gone back to, and must not be told anything meanwhile
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', event => {
    if (event.persisted) connect();
  });
  connect();
}
