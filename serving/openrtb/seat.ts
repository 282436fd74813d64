/** The name under which all that we sell may be asked for, allowed and blocked. */
export const ownSeat = 'adtally';
