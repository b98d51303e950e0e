using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.OpenStack;

/// <summary>A text of <c>clouds.yaml</c>'s family with where it came from.</summary>
/// <param name="Path">The file, for messages and for relative paths inside it.</param>
/// <param name="Text">Its content.</param>
public sealed record CloudsFile(string Path, string Text);

/// <summary>The files that describe clouds, as the executable found them.</summary>
public sealed record CloudsFiles
{
    /// <summary><c>clouds.yaml</c>.</summary>
    public required CloudsFile Clouds { get; init; }

    /// <summary><c>secure.yaml</c>, whose values win.</summary>
    public CloudsFile? Secure { get; init; }

    /// <summary><c>clouds-public.yaml</c>, which holds named profiles.</summary>
    public CloudsFile? Public { get; init; }
}

/// <summary>What a reading of <c>clouds.yaml</c> gave.</summary>
/// <param name="Credentials">The credentials, or <see langword="null"/> when an error stands in <paramref name="Problems"/>.</param>
/// <param name="CloudName">The cloud that was read, when one was.</param>
/// <param name="Problems">Everything wrong, errors and warnings.</param>
public sealed record CloudsYamlResult(CloudCredentials? Credentials, string? CloudName, ImmutableArray<Problem> Problems);
