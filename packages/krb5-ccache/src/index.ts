export * from './ccache.ts';
export * from './errors.ts';
export * from './ticket-keeper.ts';
export * from './ccache-principal.ts';
export * from './krb5-conf.ts';
export * from './parse-ccache.ts';
export * from './tgt.ts';
export * from './write-ccache.ts';
