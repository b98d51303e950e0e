using System.Text;
using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>
/// A file in gcfg syntax (the dialect of git-config that OpenStack's Kubernetes components read): sections, optionally with a
/// quoted subsection, and <c>name = value</c> lines. Section and option names are compared without regard to case.
/// </summary>
/// <param name="Sections">The sections in the order of the file; one that appears twice is here twice.</param>
/// <param name="Problems">Everything that is wrong with the syntax, in the order of the file; lines that are wrong are left out of the sections.</param>
public sealed record GcfgDocument(EquatableArray<GcfgSection> Sections, EquatableArray<Problem> Problems)
{
    /// <summary>Reads a text. Never throws for what the text holds: every fault is in <see cref="Problems"/> with its line.</summary>
    /// <param name="text">The file's text; a byte order mark at its beginning is skipped.</param>
    public static GcfgDocument Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new GcfgParser(text).Parse();
    }

    /// <summary>Reads a file's bytes, which must be UTF-8; the first line that is not is named.</summary>
    /// <param name="bytes">The file's content.</param>
    public static GcfgDocument Parse(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (System.Text.Unicode.Utf8.IsValid(bytes)) return Parse(text);
        int line = 1;
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            if (!System.Text.Unicode.Utf8.IsValid(bytes[range])) break;
            line++;
        }

        var problem = Problem.Error("cloud.conf", null, "the line is not valid UTF-8", "Save the file as UTF-8.", line);
        GcfgDocument rest = Parse(text);
        return rest with { Problems = rest.Problems.Prepend(problem).ToEquatableArray() };
    }

    /// <summary>Whether two section or option names are the same name.</summary>
    public static bool SameName(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}

/// <summary>One <c>[name]</c> or <c>[name "subsection"]</c> and the options below it.</summary>
/// <param name="Name">The section's name as it is written.</param>
/// <param name="Subsection">The subsection's name, whose case matters; <see langword="null"/> when there is none.</param>
/// <param name="Line">The header's line, from 1.</param>
/// <param name="Entries">The options in order, repeated ones included.</param>
public sealed record GcfgSection(string Name, string? Subsection, int Line, EquatableArray<GcfgEntry> Entries)
{
    /// <summary>The header as a person writes it, without brackets.</summary>
    public string Title => Subsection is null ? Name : $"{Name} \"{Subsection}\"";
}

/// <summary>One option. It never prints its value, which may be a password.</summary>
/// <param name="Name">The option's name as it is written.</param>
/// <param name="Value">The value; <see langword="null"/> when the line holds the name alone, which means true for a flag and an empty list for a list.</param>
/// <param name="Line">The line, from 1.</param>
public sealed record GcfgEntry(string Name, string? Value, int Line)
{
    /// <summary>The name and the line; never the value.</summary>
    public override string ToString() => $"{Name} (line {Line})";
}
