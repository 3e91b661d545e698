export * from './ccache.ts';
export * from './errors.ts';
export * from './ticket-keeper.ts';
