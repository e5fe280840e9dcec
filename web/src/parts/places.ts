// The views that the navigation shows. The icons are strokes on a field of 20 by 20.
export const titles: Record<string, string> = {
  overview: 'Overview',
  inbox: 'Inbox',
  tasks: 'Tasks',
  workers: 'Workers',
  queues: 'Queues',
  events: 'Events',
};

export const icons: Record<string, string> = {
  overview: 'M3 3h6v7H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 12h6v5H3z',
  inbox: 'M3 11l2.5-7h9L17 11v5H3zM3 11h4l1.2 2.2h3.6L13 11h4',
  tasks: 'M3 5l1.5 1.5L7 4M3 10.5L4.5 12 7 9.5M3 16l1.5 1.5L7 15M10 5.5h7M10 11h7M10 16.5h7',
  workers: 'M5 6h10v8H5zM10 3v3M2.5 9v3M17.5 9v3M8 9.5v1M12 9.5v1M8 17h4',
  queues: 'M3 4.5h14M3 8.5h14M3 12.5h9M3 16.5h5',
  events: 'M2.5 10.5h3l2.200-6 4 11 2.300-5h3.5',
};
