using Tenon.CloudController.Configuration;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

/// <summary>The page of options lists exactly the options that the code knows, with their defaults.</summary>
public class OptionsPageTests
{
    [Fact]
    public void The_page_and_the_code_know_the_same_options_with_the_same_defaults()
    {
        Dictionary<string, Dictionary<string, string>> page = ReadPage();
        foreach (SectionDefinition section in CloudConfig.Sections)
        {
            page.ShouldContainKey(section.Name);
            page[section.Name].ShouldBe(section.Options.Where(o => o.Retired is null).ToDictionary(o => o.Name, o => o.Default), ignoreOrder: true, section.Name);
        }

        page.Keys.ShouldBe(CloudConfig.Sections.Select(s => s.Name), ignoreOrder: true);
    }

    private static Dictionary<string, Dictionary<string, string>> ReadPage()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Tenon.slnx"))) directory = Path.GetDirectoryName(directory);
        var sections = new Dictionary<string, Dictionary<string, string>>();
        string? section = null;
        foreach (string line in File.ReadLines(Path.Combine(directory.ShouldNotBeNull(), "docs", "cloud-controller.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal)) section = null;
            else if (line.StartsWith("### ", StringComparison.Ordinal)) section = line[4..].Trim();
            if (section is null || !line.StartsWith("| `", StringComparison.Ordinal)) continue;
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
            cells[3].ShouldNotBeEmpty(line);
            if (!sections.TryGetValue(section, out Dictionary<string, string>? options)) sections[section] = options = [];
            options.Add(cells[1].Trim('`'), cells[2].Trim('`'));
        }

        return sections;
    }
}
