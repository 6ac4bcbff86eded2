<#ftl output_format="plainText">
${msg("hello", user.firstName!"", user.lastName!"")}

${msg("executeActionsWhy")}

${msg("yourIdentifiant")} ${user.username}
${msg("executeActionsKeep")}

${msg("executeActionsAct")}
${link}

${msg("linkExpires", linkExpirationFormatter(linkExpiration))}

${msg("executeActionsIgnore")}

-- 
${msg("signature")}
${msg("automatic")}
