namespace EmbeddingGrpc.Training;

/// <summary>
/// Which sessions a corpus keeps where only what is new is to be learned: those with a recent interaction, and a share of the others so that they are not
/// forgotten. The vocabulary and its counts are those of everything all the same.
/// </summary>
/// <param name="FirstRecent">The interactions added from here on, counted from 0, are recent.</param>
/// <param name="Reach">Older interactions that a session keeps before its first recent one: the contexts of that.</param>
/// <param name="ReplayShare">Share of the sessions that are kept whole, recent or not; drawn by lot.</param>
/// <param name="Seed">Of the lot.</param>
public sealed record SessionSelection(long FirstRecent, int Reach, double ReplayShare, ulong Seed);
