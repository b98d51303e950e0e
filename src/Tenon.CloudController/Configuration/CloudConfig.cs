using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>cloud.conf, read and checked. Secrets in it never print.</summary>
public sealed record CloudConfig
{
    /// <summary>How to authenticate.</summary>
    public required GlobalOptions Global { get; init; }

    /// <summary>Which addresses become a node's.</summary>
    public required NetworkingOptions Networking { get; init; }

    /// <summary>Where pod routes go.</summary>
    public required RouteOptions Route { get; init; }

    /// <summary>How Services of type LoadBalancer are served.</summary>
    public required LoadBalancerOptions LoadBalancer { get; init; }

    /// <summary>How long requests may take.</summary>
    public required MetadataOptions Metadata { get; init; }

    /// <summary>How nodes are tied to servers.</summary>
    public required NodeOptions Node { get; init; }

    /// <summary>Every section that the file may hold, those of other drivers included.</summary>
    public static IReadOnlyList<SectionDefinition> Sections { get; } =
    [
        GlobalOptions.Definition,
        NetworkingOptions.Definition,
        RouteOptions.Definition,
        LoadBalancerSections.Definition,
        LoadBalancerSections.ClassDefinition,
        MetadataOptions.Definition,
        NodeOptions.Definition,
        ForeignSections.BlockStorage,
    ];

    /// <summary>
    /// Reads a file's text. Credentials are checked for completeness too, unless <c>use-clouds</c> says that a clouds.yaml completes them
    /// (the loader merges it and checks then).
    /// </summary>
    /// <param name="text">The file's text.</param>
    public static CloudConfigResult Parse(string text) => Parse(GcfgDocument.Parse(text));

    /// <summary>Reads a file already split into sections.</summary>
    public static CloudConfigResult Parse(GcfgDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var problems = new List<Problem>(document.Problems);
        foreach (GcfgSection section in document.Sections) CheckHeader(section, problems);

        OptionReader For(SectionDefinition definition)
            => OptionReader.For(definition, document.Sections.Where(s => s.Subsection is null && GcfgDocument.SameName(s.Name, definition.Name)), problems);

        Dictionary<string, OptionReader> classes = document.Sections
            .Where(s => s.Subsection is not null && GcfgDocument.SameName(s.Name, LoadBalancerSections.ClassDefinition.Name))
            .GroupBy(s => s.Subsection!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => OptionReader.For(LoadBalancerSections.ClassDefinition, g, problems), StringComparer.Ordinal);

        var config = new CloudConfig
        {
            Global = GlobalOptions.Read(For(GlobalOptions.Definition)),
            Networking = NetworkingOptions.Read(For(NetworkingOptions.Definition)),
            Route = RouteOptions.Read(For(RouteOptions.Definition)),
            LoadBalancer = LoadBalancerSections.Read(For(LoadBalancerSections.Definition), classes, problems),
            Metadata = MetadataOptions.Read(For(MetadataOptions.Definition)),
            Node = NodeOptions.Read(For(NodeOptions.Definition)),
        };
        _ = For(ForeignSections.BlockStorage);
        if (!config.Global.UseClouds) problems.AddRange(GlobalOptionsChecks.Check(config.Global));
        return CloudConfigResult.Of(config, problems);
    }

    private static void CheckHeader(GcfgSection section, List<Problem> problems)
    {
        SectionDefinition? definition = Sections.FirstOrDefault(d => GcfgDocument.SameName(d.Name, section.Name));
        if (definition is null)
        {
            string? nearest = NearestName.Find(section.Name, Sections.Select(d => d.Name));
            problems.Add(Problem.Warning($"[{section.Title}]", null, "there is no such section, so nothing in it does anything",
                nearest is null ? $"Known are {string.Join(", ", Sections.Select(d => d.Name))}." : $"Did you mean [{nearest}]?", section.Line));
        }
        else if (definition.HasSubsections && section.Subsection is null)
        {
            problems.Add(Problem.Warning($"[{section.Title}]", null, "the section needs a name, so nothing in it does anything",
                $"Write [{definition.Name} \"NAME\"], which Services name in the annotation loadbalancer.openstack.org/class.", section.Line));
        }
        else if (!definition.HasSubsections && section.Subsection is not null)
        {
            problems.Add(Problem.Warning($"[{section.Title}]", null, "the section takes no name, so nothing in it does anything",
                $"Write [{definition.Name}].", section.Line));
        }
    }
}

/// <summary>What reading a configuration gave.</summary>
/// <param name="Config">The configuration; <see langword="null"/> when any problem is an error.</param>
/// <param name="Problems">Every problem, by line.</param>
public sealed record CloudConfigResult(CloudConfig? Config, EquatableArray<Problem> Problems)
{
    /// <summary>Whether there is an error, so that there is no configuration.</summary>
    public bool Failed => Config is null;

    internal static CloudConfigResult Of(CloudConfig config, IEnumerable<Problem> problems)
    {
        var all = problems.Distinct().OrderBy(p => p.Line ?? int.MaxValue).ToEquatableArray();
        return new(all.Any(p => p.Severity == ProblemSeverity.Error) ? null : config, all);
    }
}
