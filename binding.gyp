# For `node-gyp rebuild` and `npm rebuild`: hands over to scripts/build.js and so to CMakeLists.txt, the only
# build there is.
{
  'targets': [
    {
      'target_name': 'tenon',
      'type': 'none',
      'actions': [
        {
          'action_name': 'cmake',
          'message': 'Building with CMake',
          'inputs': ['CMakeLists.txt'],
          'outputs': ['<(PRODUCT_DIR)/tenon.node'],
          'action': ['node', 'scripts/build.js', '--out', '<(PRODUCT_DIR)', '--config', '<(CONFIGURATION_NAME)'],
        }
      ]
    }
  ]
}
