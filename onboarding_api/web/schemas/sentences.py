"""How to correct each field that people fill in: said once, by forms and by refusals alike."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "civilite": "Choisissez Madame ou Monsieur.",
    "prenom": "Saisissez votre prénom, en lettres latines, sans adresse de site.",
    "nom": "Saisissez votre nom, en lettres latines, sans adresse de site.",
    "email": "Saisissez une adresse e-mail complète, par exemple nom@commune.fr.",
    "telephone": "Saisissez un numéro de téléphone français, seul et sans poste, par exemple 04 68 96 06 27.",
    "postcode": "Choisissez le code postal de la mairie : le courrier y sera envoyé.",
    "fonction": "Choisissez votre fonction dans la liste.",
    "siren": "Ce numéro SIREN n'est pas celui d'une structure connue.",
    "suite": "Cette adresse est trop longue.",
    "vacant": "Cochez la case pour déclarer vacant le poste d'administrateur.",
    "services": "Choisissez au moins un service de la liste.",
    "q": "Cherchez avec 80 signes au plus, sur une seule ligne.",
    "service": "Choisissez un service de la liste.",
    "liste": "Cette liste n'existe pas.",
    "apres": "Cette page de la liste n'existe pas : elle reprend au début.",
    "avant": "Cette page de la liste n'existe pas : elle reprend au début.",
    "code": "Saisissez le code imprimé sur le courrier.",
    "motive": "Indiquez le motif, en 500 signes au plus : la personne le lira.",
    "version": "Ces conditions ont changé : relisez la version affichée.",
    "accepte": "Cochez la case pour accepter les conditions particulières d'utilisation.",
    "reference": "Saisissez la référence imprimée sur le courrier, par exemple BDT-7K2M-9QXA.",
    "confirme": "Cochez la case pour confirmer que vous refusez cette demande.",
}
