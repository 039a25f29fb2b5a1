using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Reads a checkpoint into an empty state: sections that have nothing to do with each other at the same time. Stateless.</summary>
internal static class CheckpointReader
{
    // Before those of the parts.
    private static readonly string[] OwnSections = [CheckpointFormat.Users, CheckpointFormat.Items, CheckpointFormat.Counters, CheckpointFormat.Catalogue];

    /// <summary>Reads where a checkpoint begins and ends in the log.</summary>
    /// <exception cref="CheckpointCorruptException">It cannot be used; says why.</exception>
    /// <exception cref="CheckpointVersionException">A newer version of the program wrote it.</exception>
    public static CheckpointBounds ReadBounds(IFile file)
    {
        var header = CheckpointHeader.Read(file);
        switch (header.Version)
        {
            case OlderCheckpoint.Version: return OlderCheckpoint.ReadBounds(file, header);
            case >= CheckpointFormat.VersionWithoutPages and <= CheckpointFormat.Version: return new CheckpointBounds(header.Start, CheckpointTable.Read(file, header).End);
            case > CheckpointFormat.Version when !IsOnlyTheNumberDamaged(file, header): throw new CheckpointVersionException(header.Version);
            default: throw new CheckpointCorruptException($"its format is version {header.Version}, known is {CheckpointFormat.Version}");
        }
    }

    /// <summary>Fills a state.</summary>
    /// <param name="file">Looked at by <see cref="ReadBounds"/>.</param>
    /// <param name="state">Empty. Not to be used where this throws.</param>
    /// <exception cref="CheckpointCorruptException">It cannot be used; says why.</exception>
    public static void Read(IFile file, AppliedState state)
    {
        var header = CheckpointHeader.Read(file);
        if (header.Version == OlderCheckpoint.Version)
        {
            OlderCheckpoint.Read(file, state);
            return;
        }

        var sections = CheckpointTable.Read(file, header).Sections;
        CheckNames(sections, state.Parts);
        var work = new List<(long Length, Action Read)>
        {
            (sections[0].Length, () => ReadUsers(file, sections[0], header.Version, state.Histories)),
            (sections[1].Length + sections[2].Length + sections[3].Length, () => ReadItems(file, sections, state)),
        };
        for (var i = 0; i < state.Parts.Count; i++)
        {
            var (section, part) = (sections[OwnSections.Length + i], state.Parts[i]);
            if (part.HasPages && header.Version > CheckpointFormat.VersionWithoutPages) work.Add((section.Length, () => ReadPages(CheckpointPages.Open(file, section), part.Read)));
            else work.Add((section.Length, () => ReadToTheEnd(new CheckpointInput(file, section), part.Read)));
        }

        // The longest first, so that no processor has nothing to do while it is read.
        OwnThreads.Run(work.OrderByDescending(each => each.Length).Select(each => each.Read));
    }

    /// <summary>Overwrites what a checkpoint knows of users, items and the catalogue. Pages, which may be in use, stay as they are.</summary>
    /// <param name="file">Not needed any more. One of a version without pages is left alone: nobody has it open.</param>
    public static void Wipe(IFile file)
    {
        var header = CheckpointHeader.Read(file);
        if (header.Version is not (CheckpointFormat.Version or CheckpointFormat.VersionWithoutUserPages)) return;
        var zeros = new byte[CheckpointFormat.BlockBytes];
        foreach (var section in CheckpointTable.Read(file, header).Sections.Where(section => OwnSections.Contains(section.Name)))
        {
            for (var done = 0L; done < section.Length; done += zeros.Length)
                file.Write(section.Position + done, zeros.AsSpan(0, (int)Math.Min(zeros.Length, section.Length - done)));
        }
    }

    private static void ReadUsers(IFile file, CheckpointSection section, uint version, UserHistories histories)
    {
        // Not the file's pages: those are overwritten when it is deleted, so that nothing of a user outlasts an erasure in them.
        if (version > CheckpointFormat.VersionWithoutUserPages)
        {
            ReadPages(CheckpointPages.Open(file, section, mapped: false), pages => UserPagesReader.Read(pages, histories));
            return;
        }

        var input = new CheckpointInput(file, section);
        // How many there are is known when all were read.
        _ = input.Read<int>();
        ReadToTheEnd(input, users => CheckpointSections.ReadUsers(users, histories));
    }

    // Counters and catalogue are about items whose keys must be there.
    private static void ReadItems(IFile file, IReadOnlyList<CheckpointSection> sections, AppliedState state)
    {
        ReadToTheEnd(new CheckpointInput(file, sections[1]), items => CheckpointSections.ReadItems(items, state.Items));
        ReadToTheEnd(new CheckpointInput(file, sections[2]), counters => CheckpointSections.ReadCounters(counters, state.Counters, state.Items.Count));
        ReadToTheEnd(new CheckpointInput(file, sections[3]), catalogue => CatalogCheckpoint.Read(catalogue, state.Catalog));
    }

    private static void ReadPages(CheckpointPages pages, Action<CheckpointPages> read)
    {
        read(pages);
        pages.End();
    }

    private static void ReadToTheEnd(CheckpointInput input, Action<CheckpointInput> read)
    {
        read(input);
        input.End();
    }

    // All of them must be known, in their order. Where they are not, replaying the log makes them.
    private static void CheckNames(IReadOnlyList<CheckpointSection> sections, IReadOnlyList<IAppliedPart> parts)
    {
        var names = sections.Select(section => section.Name).ToArray();
        var expected = OwnSections.Concat(parts.Select(part => part.Name)).ToArray();
        if (!names.SequenceEqual(expected, StringComparer.Ordinal))
            throw new CheckpointCorruptException($"it has the sections {string.Join(", ", names)}, and this version keeps {string.Join(", ", expected)}");
    }

    // Everything else being as it should be. Another version may have its checksums elsewhere, and its number in them.
    private static bool IsOnlyTheNumberDamaged(IFile file, CheckpointHeader header) =>
        IsIntactAs(CheckpointFormat.Version, file, header) || IsIntactAs(CheckpointFormat.VersionWithoutUserPages, file, header)
        || IsIntactAs(CheckpointFormat.VersionWithoutPages, file, header) || OlderCheckpoint.IsIntact(file, OlderCheckpoint.Version);

    private static bool IsIntactAs(uint version, IFile file, CheckpointHeader header)
    {
        try
        {
            _ = CheckpointTable.Read(file, header with { Version = version });
            return true;
        }
        catch (CheckpointCorruptException)
        {
            return false;
        }
    }
}
