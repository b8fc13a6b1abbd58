/* No broker lost records before they were read, unless somebody accepted the loss.

Look at what is gone, then go on past it: journey ingest kafka --topic NAME --accept-gap */
select * from meta.gaps where not is_accepted
