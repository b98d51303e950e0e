using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.OpenStack;

/// <summary>A text of <c>clouds.yaml</c>'s family with where it came from.</summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Text">Its content.</param>
public sealed record CloudsFile(string Path, string Text)
{
    /// <summary>The path alone: the text holds secrets.</summary>
    public override string ToString() => Path;
}

/// <summary>The files that describe clouds.</summary>
public sealed record CloudsFiles
{
    /// <summary><c>clouds.yaml</c>.</summary>
    public required CloudsFile Clouds { get; init; }

    /// <summary><c>secure.yaml</c>, whose values win.</summary>
    public CloudsFile? Secure { get; init; }

    /// <summary><c>clouds-public.yaml</c>, which holds the profiles that clouds refer to.</summary>
    public CloudsFile? Public { get; init; }

    /// <summary>Values that win over all files: a text whose <c>override</c> has the keys of a cloud. Made by <see cref="Configuration.GlobalOverrides"/>.</summary>
    public CloudsFile? Overrides { get; init; }

    /// <summary>What <c>~</c> stands for in paths; <see langword="null"/> leaves it as it is.</summary>
    public string? HomeDirectory { get; init; }

    /// <summary>
    /// Reads the first <c>clouds.yaml</c> that is there, and <c>secure.yaml</c> and <c>clouds-public.yaml</c> from the first
    /// directory of the same list that has one.
    /// </summary>
    /// <param name="candidates">Where <c>clouds.yaml</c> may be, in order; the executable knows (OS_CLIENT_CONFIG_FILE, the current directory, ~/.config/openstack, /etc/openstack).</param>
    /// <param name="problems">Receives what could not be read.</param>
    /// <returns>The files, or <see langword="null"/> when there is no <c>clouds.yaml</c>.</returns>
    public static CloudsFiles? Load(IReadOnlyList<string> candidates, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(problems);
        if (First(candidates, problems) is not { } clouds)
        {
            problems.Add(Problem.Error(
                "clouds.yaml", null, $"there is none at {string.Join(", ", candidates)}", "Write one there, or name it with OS_CLIENT_CONFIG_FILE."));
            return null;
        }

        string[] directories = [.. candidates.Select(c => Path.GetDirectoryName(c) ?? "").Distinct()];
        return new()
        {
            Clouds = clouds,
            Secure = First([.. directories.SelectMany(d => new[] { Path.Combine(d, "secure.yaml"), Path.Combine(d, "secure.yml") })], problems),
            Public = First([.. directories.SelectMany(d => new[] { Path.Combine(d, "clouds-public.yaml"), Path.Combine(d, "clouds-public.yml") })], problems),
        };
    }

    private static CloudsFile? First(IReadOnlyList<string> candidates, ICollection<Problem> problems)
    {
        foreach (string path in candidates)
        {
            if (!File.Exists(path)) continue;
            try
            {
                return new(path, File.ReadAllText(path));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(Problem.Warning(Path.GetFileName(path), path, $"it cannot be read ({e.Message})", "Let this user read it, or remove it."));
            }
        }

        return null;
    }
}

/// <summary>What a reading of <c>clouds.yaml</c> gave.</summary>
/// <param name="Credentials">The credentials, or <see langword="null"/> when an error stands in <paramref name="Problems"/>.</param>
/// <param name="CloudName">The cloud that was read, when one was.</param>
/// <param name="Problems">Everything wrong, errors and warnings.</param>
public sealed record CloudsYamlResult(CloudCredentials? Credentials, string? CloudName, ImmutableArray<Problem> Problems);

/// <summary>Reads clouds as openstacksdk does (its "Configuring OpenStack SDK Applications"), as far as credentials go.</summary>
public static class CloudsYaml
{
    /// <summary>Reads one cloud. Never throws for what the files say; every problem is listed.</summary>
    /// <param name="files">The files.</param>
    /// <param name="cloudName">The cloud; <see langword="null"/> takes the only one there is.</param>
    public static CloudsYamlResult Read(CloudsFiles files, string? cloudName)
    {
        ArgumentNullException.ThrowIfNull(files);
        var problems = new List<Problem>();
        YamlValue clouds = YamlValue.Parse(files.Clouds, problems)["clouds"];
        YamlValue secure = files.Secure is null ? YamlValue.Missing : YamlValue.Parse(files.Secure, problems)["clouds"];
        YamlValue overrides = files.Overrides is null ? YamlValue.Missing : YamlValue.Parse(files.Overrides, problems)["override"];
        YamlValue profiles = files.Public is null ? YamlValue.Missing : YamlValue.Parse(files.Public, problems)["public_clouds"];
        string? name = problems.Count > 0 ? null : Choose(clouds, cloudName, files.Clouds.Path, problems);
        if (name is null) return new(null, null, [.. problems]);
        YamlValue merged = clouds[name].MergedWith(secure[name]).MergedWith(overrides);
        if ((merged["profile"].Text ?? merged["cloud"].Text) is { } profile)
        {
            if (profiles[profile].IsMap) merged = profiles[profile].MergedWith(merged);
            else if (!merged["auth"]["auth_url"].Exists)
            {
                problems.Add(Problem.Error(
                    $"clouds.{name}.profile",
                    profile,
                    files.Public is null ? "there is no clouds-public.yaml to hold the profile" : "clouds-public.yaml has no such profile",
                    "Write the profile into clouds-public.yaml, or its auth_url into the cloud.",
                    merged["profile"].Line));
            }
        }

        var reader = new CloudReader(name, merged, files.HomeDirectory, problems);
        CloudCredentials? credentials = reader.Read();
        bool bad = problems.Exists(p => p.Severity == ProblemSeverity.Error);
        return new(bad ? null : credentials, name, [.. problems]);
    }

    private static string? Choose(YamlValue clouds, string? wanted, string path, List<Problem> problems)
    {
        string[] names = [.. clouds.Keys];
        string known = string.Join(", ", names);
        if (names.Length == 0)
        {
            problems.Add(Problem.Error("clouds", null, $"{path} names no cloud", "Put a cloud below 'clouds:'."));
            return null;
        }

        if (wanted is null)
        {
            if (names.Length == 1) return names[0];
            problems.Add(Problem.Error("cloud", null, $"{path} has several clouds and none is chosen", $"Choose one of {known} with OS_CLOUD or the cloud option."));
            return null;
        }

        if (names.Contains(wanted)) return wanted;
        string near = NearestName.Find(wanted, names) is { } nearest ? $"Did you mean {nearest}? " : "";
        problems.Add(Problem.Error("cloud", wanted, $"{path} has no such cloud", $"{near}It has {known}."));
        return null;
    }
}
