/** Of the row that marks a database as being filled. It is passed over wherever rows are read to be copied or compared. */
export const fillingMarkId = 'aud_store_being_filled';
