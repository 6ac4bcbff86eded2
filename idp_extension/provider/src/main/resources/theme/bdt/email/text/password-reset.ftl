<#ftl output_format="plainText">
${msg("hello", user.firstName!"", user.lastName!"")}

${msg("passwordResetWhy")}

${msg("yourIdentifiant")} ${user.username}

${msg("passwordResetAct")}
${link}

${msg("linkExpires", linkExpirationFormatter(linkExpiration))}

${msg("passwordResetIgnore")}

-- 
${msg("signature")}
${msg("automatic")}
